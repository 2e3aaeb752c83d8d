"""Kill programs at random moments, run them again, and compare what is there with the truth: `make kills`.

Each try kills a run, and often the next ones too, at moments that are spread evenly over the duration of a whole run;
a last run then works to the end. All are real processes with real sockets, killed by SIGKILL: forks of a process that
has imported everything, and, in one try of twenty, whole programs. Exits with 1 if anything was lost, came twice
without having been in flight at a kill, or broke another promise.
"""

from __future__ import annotations

import argparse
import json
import logging
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from soak.kills.campaign import Campaign
from soak.kills.ledger_copy import LedgerCopy
from soak.kills.receiver import Receiver
from soak.kills.rejects_retry import RejectsRetry
from soak.kills.retention_apply import RetentionApply
from soak.kills.table import failures, report, table
from soak.kills.tap import Tap
from soak.kills.target import TargetWithPostgresql, TargetWithSqlite
from tests.embedded_postgres import embedded_postgres
from tests.fork_server import fork_server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from soak.kills.subject import Subject

SUBJECTS: dict[str, type[Subject]] = {
    "tap": Tap,
    "target-sqlite": TargetWithSqlite,
    "target-postgresql": TargetWithPostgresql,
    "rejects-retry": RejectsRetry,
    "ledger-copy": LedgerCopy,
    "retention-apply": RetentionApply,
    "receiver": Receiver,
}


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def main(arguments: Sequence[str] | None = None, subjects: Mapping[str, type[Subject]] = SUBJECTS) -> int:
    """Kill the subjects one after the other; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m soak.kills", description=__doc__)
    parser.add_argument("--each", type=int, default=300, help="kills of each subject (300)")
    parser.add_argument("--minutes", type=float, default=60.0, help="end each subject after this time (60)")
    parser.add_argument("--only", choices=subjects, action="append", help="kill only this one; may be given repeatedly")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32), help="the same seed gives the same moments")
    parser.add_argument("--try", type=int, dest="number", help="repeat only the try with this number")
    parser.add_argument("--lanes", type=int, default=4, help="tries at once (4)")
    parser.add_argument("--report", type=Path, help="a file for the figures as JSON")
    options = parser.parse_args(arguments)
    # The sandbox's server logs every connection that a kill breaks.
    logging.disable(logging.CRITICAL)
    say(f"seed {options.seed}")
    tallies, broken = [], list[str]()
    with embedded_postgres() as url, fork_server() as forks:
        for option in options.only or subjects:
            campaign = Campaign(subjects[option], options.seed, forks, url)
            numbers = (
                campaign.until(options.each, options.minutes) if options.number is None else iter([options.number])
            )
            tally = campaign.run(numbers, options.lanes if options.number is None else 1)
            say(f"{tally.name}: {tally.kills} kills in {tally.seconds:.0f} s, {len(tally.broken)} broken")
            new = failures(tally, options.seed, option)
            say("\n".join(new)) if new else None
            broken += new
            tallies.append(tally)
            if options.report:
                options.report.write_text(json.dumps(report(tallies, options.seed), indent=2) + "\n")
    say("\n" + table(tallies))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
