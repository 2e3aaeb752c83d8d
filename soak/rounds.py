"""One round of the soak: an account, mixed faults, kills, and a check of the promises."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.acceptance.conftest import TargetProgram
from tests.killed_runs import KilledRuns, after_seconds, days_ago
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    import random
    from pathlib import Path

IN_FLIGHT = 10
#: 3 % each; none of them makes a client believe that a request failed that had succeeded.
FAULTS = [
    *(Fault(FaultKind.STATUS, status=status, rate=0.03) for status in (500, 503, 429)),
    *(Fault(kind, rate=0.03) for kind in (FaultKind.RESET, FaultKind.CUT_BODY, FaultKind.BAD_JSON, FaultKind.HTML_502)),
]


@dataclass
class Round:
    """The figures of a round, and the promises that were broken."""

    figures: dict[str, int] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def promise(self, name: str, *, is_kept: bool) -> None:
        """Record a promise that was broken."""
        if not is_kept:
            self.broken.append(name)


def tap_round(folder: Path, chance: random.Random) -> Round:
    """Read an account completely despite kills, stops and faults, while new leads arrive."""
    days = chance.choice([30, 200, 400])
    options = SandboxOptions(
        leads=chance.choice([300, 3000, 6000]), days=days, latency_ms=20, seed=chance.getrandbits(32)
    )
    runs, kills = KilledRuns(folder), chance.randint(3, 15)
    with Sandbox.start(options) as sandbox:
        sandbox.script(*FAULTS)
        runs.configure(
            sandbox,
            start_date=days_ago(days + 1),
            window_days=chance.randint(1, 7),
            page_size=chance.choice([10, 100]),
            max_retries=20,
        )
        for _ in range(kills):
            end_by = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            runs.run(after_seconds(chance.uniform(0.05, 3.0)), end_by=end_by, at_state=chance.random() < 0.3)
            # In a past second: leads of the current second may be left to the next run.
            sandbox.add_leads(ingestion_dates=[int(time.time()) - 2] * chance.randint(0, 20))
        finished = runs.run()
        lost, leads = runs.lost(sandbox), len(sandbox.store)
    done = Round(
        {
            "runs": len(runs.statuses),
            "killed": runs.statuses.count(-signal.SIGKILL),
            "leads": leads,
            "leads read": runs.reads.total(),
            "twice within a run": runs.twice_in_a_run,
            "lost": len(lost),
        }
    )
    done.promise("the last run ends well", is_kept=finished)
    done.promise("no lead is lost", is_kept=not lost)
    done.promise("each lead once a run", is_kept=runs.twice_in_a_run == 0)
    done.promise("the bookmark never goes back", is_kept=runs.bookmarks == sorted(runs.bookmarks))
    # A Ctrl-C while Python still loads the program is handled by Python itself.
    defects = runs.log.count("this is a defect")
    done.promise("no unexpected error", is_kept=defects == 0)
    return done


def target_round(folder: Path, chance: random.Random) -> Round:
    """Send records despite kills and faults, each run from the start of the input."""
    count, kills = chance.choice([300, 1500]), chance.randint(2, 10)
    policy = chance.choice(["retry", "reject"])
    lines = [json.dumps(message) for message in [SCHEMA, *map(record, range(count)), state({"done": True})]]
    (folder / "input.jsonl").write_text("\n".join(lines) + "\n")
    program = TargetProgram(folder)
    killed = 0
    with Sandbox.start(SandboxOptions(latency_ms=20, seed=chance.getrandbits(32))) as sandbox:
        sandbox.script(*FAULTS)
        program.configure(sandbox.api_url, on_unknown_outcome=policy, max_retries=20)
        for _ in range(kills):
            with (folder / "input.jsonl").open() as file, program.start(stdin=file) as process:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=chance.uniform(0.3, 4.0))
                process.send_signal(signal.SIGKILL)
                process.communicate()
            killed += process.returncode == -signal.SIGKILL  # otherwise it had ended by itself
        with (folder / "input.jsonl").open() as file, program.start(stdin=file) as process:
            stdout, _ = process.communicate()
        created = Counter(lead["email"] for lead in sandbox.created)
    everything = {record(number)["record"]["email"] for number in range(count)}
    kept = {letter["record"]["email"] for letter in program.rejects}
    lost, twice = everything - set(created) - kept, created.total() - len(created)
    done = Round(
        {
            "runs": kills + 1,
            "killed": killed,
            "records": count,
            "created": len(created),
            "created twice": twice,
            "kept as rejects": len(kept),
            "lost": len(lost),
        }
    )
    done.promise(
        "the last run ends well", is_kept=process.returncode == 0 and '{"done":true}' in stdout.replace(" ", "")
    )
    done.promise("no record is lost", is_kept=not lost)
    if policy == "retry":
        # Not only a request in flight at a kill has an unknown outcome: a reset may come after the lead was sent.
        done.promise("only leads of unknown outcome twice", is_kept=twice <= killed * IN_FLIGHT)
    else:
        done.promise("none twice", is_kept=twice == 0)
    done.promise("no unexpected error", is_kept="this is a defect" not in program.log)
    return done
