"""The tap killed or stopped at random moments, again and again."""

from __future__ import annotations

import random
import signal
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.killed_runs import KilledRuns, after_requests, after_seconds, days_ago

if TYPE_CHECKING:
    from pathlib import Path

#: A request a day of the account: enough for all kills, as none comes later than this.
LEADS, DAYS, KILLS, LATEST_REQUEST = 3000, 300, 12, 40


def chance_of(seed: int | None = None) -> random.Random:
    """Give a seed here to play a failure again."""
    seed = random.randrange(1 << 32) if seed is None else seed  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)  # noqa: S311  # as above


def test_killed_runs_lose_nothing_and_read_little_twice(tmp_path: Path) -> None:
    """Twelve times `kill -9` at random requests: every lead comes out, in less than 2.5 reads a lead.

    A third of the kills waits for the next STATE, so that the runs get on; one more comes while the program starts.
    """
    chance, runs = chance_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        runs.run(after_seconds(chance.uniform(0.05, 0.5)))
        for number in range(KILLS):
            moment = after_requests(sandbox, chance.randint(1, LATEST_REQUEST))
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
    """SIGTERM and SIGINT at random requests: the signal's status each time, no traceback, no lead lost."""
    chance, runs = chance_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        for stopped_by in (signal.SIGTERM, signal.SIGINT) * 3:
            runs.run(after_requests(sandbox, chance.randint(1, LATEST_REQUEST)), end_by=stopped_by)
            assert runs.statuses[-1] == 128 + stopped_by
        runs.run()
        assert runs.lost(sandbox) == set()
    assert runs.statuses[-1] == 0
    assert "Traceback" not in runs.log
    assert runs.twice_in_a_run == 0
    assert runs.bookmarks == sorted(runs.bookmarks)


def test_stop_while_the_program_starts(tmp_path: Path) -> None:
    """SIGTERM and SIGINT before the first request: the signal's status, or what Python makes of it before ours stand.

    That is the end by the signal itself, or, with SIGINT, status 1: click's, once it has begun, or an import's.
    """
    chance, runs = chance_of(), KilledRuns(tmp_path)
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        runs.configure(sandbox, start_date=days_ago(DAYS + 1), window_days=1)
        for stopped_by in (signal.SIGTERM, signal.SIGINT) * 2:
            asked_before, said_before = sandbox.statistics.requests, len(runs.log)
            # From the start, or one that goes on from the end might be over before the signal.
            (tmp_path / "state.json").unlink(missing_ok=True)
            runs.run(after_seconds(chance.uniform(0.05, 0.6)), end_by=stopped_by)
            status, log = runs.statuses[-1], runs.log[said_before:]
            if sandbox.statistics.requests > asked_before or status == 128 + stopped_by:
                # Python throws an interrupt away that strikes within a destructor, such as that of an import's lock.
                assert status == 128 + stopped_by or (status == 0 and "Exception ignored" in log)
                assert "Traceback" not in log or "Exception ignored" in log
            elif stopped_by is signal.SIGINT:
                assert status in {-stopped_by, 1}  # 1 too where an import that is interrupted makes an error of it
            else:
                assert status == -stopped_by
