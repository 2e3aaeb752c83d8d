"""The tap is killed or stopped at random moments, again and again."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.killed_runs import KilledRuns, after_requests, after_seconds, days_ago

if TYPE_CHECKING:
    from pathlib import Path

#: One request per day of the account: enough for all kills, as no kill comes later than this.
LEADS, DAYS, KILLS, LATEST_REQUEST = 1500, 150, 6, 25


def rng_of(seed: int | None = None) -> random.Random:
    """Return a random generator; pass a seed to reproduce a failure."""
    seed = random.randrange(1 << 32) if seed is None else seed  # noqa: S311  # not a secret
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)  # noqa: S311  # as above


def test_killed_runs_lose_nothing_and_read_little_twice(tmp_path: Path) -> None:
    """After `kill -9` at six random requests, every lead is emitted, with less than 2.5 reads per lead.

    A third of the kills wait for the next STATE, so that the runs make progress; one more kill is during the start.
    """
    rng, runs = rng_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        runs.run(after_seconds(rng.uniform(0.05, 0.5)))
        for number in range(KILLS):
            moment = after_requests(sandbox, rng.randint(1, LATEST_REQUEST))
            runs.run(moment, at_state=number % 3 == 0)
        killed, went_on_from = runs.statuses.count(-signal.SIGKILL), set(runs.bookmarks)
        runs.run()
        assert runs.lost(sandbox) == set()
    assert runs.statuses[-1] == 0
    assert killed >= KILLS - 1
    assert len(went_on_from) >= KILLS // 3
    assert runs.reads.total() < 2.5 * LEADS
    assert runs.twice_in_a_run == 0
    assert runs.bookmarks == sorted(runs.bookmarks)


def test_runs_stopped_at_any_moment_lose_nothing(tmp_path: Path) -> None:
    """After SIGTERM or SIGINT at random requests, the tap exits with the signal's status, and no lead is lost."""
    rng, runs = rng_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        for stopped_by in (signal.SIGTERM, signal.SIGINT) * 2:
            runs.run(after_requests(sandbox, rng.randint(1, LATEST_REQUEST)), end_by=stopped_by)
            assert runs.statuses[-1] == 128 + stopped_by
        runs.run()
        assert runs.lost(sandbox) == set()
    assert runs.statuses[-1] == 0
    assert "Traceback" not in runs.log
    assert runs.twice_in_a_run == 0
    assert runs.bookmarks == sorted(runs.bookmarks)


def test_stop_while_the_program_starts(tmp_path: Path) -> None:
    """A signal before the first request ends the tap with its status, or in Python's way before our handlers are set.

    Python ends by the signal itself or, for SIGINT, with status 1: that of click, once it runs, or of an import.
    """
    rng, runs = rng_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        for stopped_by in (signal.SIGTERM, signal.SIGINT) * 2:
            asked_before, said_before = sandbox.statistics.requests, len(runs.log)
            # From the start, since a run that continues from the end might finish before the signal.
            (tmp_path / "state.json").unlink(missing_ok=True)
            runs.run(after_seconds(rng.uniform(0.05, 0.6)), end_by=stopped_by)
            status, log = runs.statuses[-1], runs.log[said_before:]
            if sandbox.statistics.requests > asked_before or status == 128 + stopped_by:
                # Python discards an interrupt within a destructor, such as that of an import's lock.
                assert status == 128 + stopped_by or (status == 0 and "Exception ignored" in log)
                assert "Traceback" not in log or "Exception ignored" in log
            elif stopped_by is signal.SIGINT:
                assert status in {-stopped_by, 1}  # also 1, if an interrupted import turns it into an error
            else:
                assert status == -stopped_by
