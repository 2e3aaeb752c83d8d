"""Kills and mixed faults for any length of time: `python -m soak --minutes 60`.

Each round prints its seed; `--seed` repeats one round. Exits with 1 if a promise was broken.
"""

from __future__ import annotations

import argparse
import logging
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from soak.rounds import tap_round, target_round

if TYPE_CHECKING:
    from soak.rounds import Round

ROUNDS = {"tap": tap_round, "target": target_round}


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run rounds until the time is over, and print the totals as a table."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="duration; the last round is completed (10)")
    parser.add_argument("--only", choices=ROUNDS, help="test only the tap or the target")
    parser.add_argument("--seed", type=int, help="repeat the round of this seed, once")
    options = parser.parse_args()
    # The sandbox's server logs every connection that a kill breaks.
    logging.disable(logging.CRITICAL)
    kinds = [options.only] if options.only else list(ROUNDS)
    began = time.monotonic()
    totals = {kind: Counter[str]() for kind in kinds}
    broken: list[str] = []
    while True:
        for kind in kinds:
            seed = secrets.randbits(32) if options.seed is None else options.seed
            say(f"{kind} round, seed {seed} ...")
            with tempfile.TemporaryDirectory() as folder:
                done: Round = ROUNDS[kind](Path(folder), random.Random(seed))  # noqa: S311  # no secret
            say("  " + ", ".join(f"{value:,} {name}" for name, value in done.figures.items()))
            totals[kind].update(done.figures, rounds=1)
            for promise in done.broken:
                broken.append(f"{kind} round, seed {seed}: {promise}")
                say(f"  BROKEN: {promise}")
        if options.seed is not None or time.monotonic() - began > options.minutes * 60:
            break
    minutes = (time.monotonic() - began) / 60
    say(f"\n{minutes:.0f} minutes, {len(broken)} broken promises\n")
    for kind, total in totals.items():
        say(f"| {kind} | |\n|---|--:|")
        say("\n".join(f"| {name} | {value:,} |" for name, value in total.items()) + "\n")
    say("\n".join(broken))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
