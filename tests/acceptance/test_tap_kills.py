"""The tap killed or stopped at random moments, again and again."""

from __future__ import annotations

import itertools
import random
import signal
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.killed_runs import KilledRuns, days_ago, random_lives

if TYPE_CHECKING:
    from pathlib import Path

LEADS, DAYS, KILLS = 3000, 300, 12


def chance_of(seed: int | None = None) -> random.Random:
    """Give a seed here to play a failure again."""
    seed = random.randrange(1 << 32) if seed is None else seed  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)  # noqa: S311  # as above


def test_killed_runs_lose_nothing_and_read_little_twice(tmp_path: Path) -> None:
    """Twelve times `kill -9` at random moments: every lead comes out, in less than 2.5 reads a lead."""
    chance, runs = chance_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        runs.run_until_done(KILLS, random_lives(chance, 2.0), itertools.repeat(signal.SIGKILL))
        assert runs.lost(sandbox) == set()
    assert runs.statuses[-1] == 0
    assert runs.statuses.count(-signal.SIGKILL) >= 1
    assert runs.reads.total() < 2.5 * LEADS
    assert runs.twice_in_a_run == 0
    assert runs.bookmarks == sorted(runs.bookmarks)


def test_runs_stopped_at_any_moment_lose_nothing(tmp_path: Path) -> None:
    """SIGTERM and SIGINT at random moments, from the start on: no traceback once it has begun, no lead lost."""
    chance, runs = chance_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=4)
        signals = itertools.cycle([signal.SIGTERM, signal.SIGINT])
        for _ in range(8):
            said, stopped_by = len(runs.log), next(signals)
            runs.run(life_seconds=chance.uniform(0.05, 1.5), end_by=stopped_by)
            status, log = runs.statuses[-1], runs.log[said:]
            # Before the program has a say, the signal does what it does to every Python program.
            is_early = status == -stopped_by
            assert is_early or status in {0, 128 + stopped_by, 1 if stopped_by is signal.SIGINT else 0}
            assert is_early or "Traceback" not in log
        runs.run(life_seconds=None)
        assert runs.lost(sandbox) == set()
    assert runs.statuses[-1] == 0
    assert runs.twice_in_a_run == 0
    assert runs.bookmarks == sorted(runs.bookmarks)
