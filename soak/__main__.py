"""Everything together, with kills and faults, for any length of time: `python -m soak --minutes 60`.

Tap, target, webhook receiver, refresh, retention and accounts run side by side. A line every minute reports the
progress, and the figures come at the end. Exits with 1 if a promise was broken. The same seed makes the same choices.
"""

from __future__ import annotations

import argparse
import itertools
import json
import secrets
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from soak.kinds import SCENARIOS
from soak.lanes import play_rounds
from soak.rounds import RoundId
from soak.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from soak.rounds import Scenario


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def rounds_of(seed: int, kinds: Sequence[str], is_over: Callable[[], bool]) -> Iterator[RoundId]:
    """Yield the rounds of a soak: each kind in turn, until it is over."""
    for number in itertools.count():
        for kind in kinds:
            if is_over():
                return
            yield RoundId(seed, kind, number)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=10.0, help="duration; rounds that were begun are completed (10)"
    )
    parser.add_argument("--only", choices=SCENARIOS, help="play one kind of round only")
    parser.add_argument("--seed", type=int, help="make the choices of this seed")
    parser.add_argument("--round", type=int, help="with --seed and --only: play this round, once")
    parser.add_argument("--lanes", type=int, default=3, help="how many rounds are played side by side (3)")
    parser.add_argument("--report", type=Path, help="write the figures to this file, as JSON")
    return parser


def main(arguments: Sequence[str] | None = None, scenarios: Mapping[str, Scenario] = SCENARIOS) -> int:
    """Play rounds until the time is over, and print the figures; return the exit status."""
    options = parser().parse_args(arguments)
    seed = secrets.randbits(32) if options.seed is None else options.seed
    kinds = [options.only] if options.only else [*scenarios]
    totals, began = Totals(seed), time.monotonic()
    due = itertools.count(1)
    next_line = [next(due)]

    def minutes() -> float:
        return (time.monotonic() - began) / 60

    def tick() -> None:
        if minutes() >= next_line[0]:
            say(totals.line(minutes()))
            next_line[0] = next(due)

    # As after Ctrl-C, nothing that was started is left.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    say(f"seed {seed}")
    if options.round is None:
        rounds = rounds_of(seed, kinds, lambda: minutes() >= options.minutes)
    else:
        rounds = iter([RoundId(seed, kind, options.round) for kind in kinds])
    for round_id, done in play_rounds(rounds, scenarios, lanes=options.lanes, tick=tick):
        totals.add(round_id, done)
        for promise in done.broken:
            say(f"BROKEN: {promise} [{round_id.options}]")
    say(totals.as_text(minutes()))
    if options.report:
        options.report.write_text(json.dumps(totals.as_json(minutes()), indent=1) + "\n")
    return 1 if totals.broken else 0


if __name__ == "__main__":
    sys.exit(main())
