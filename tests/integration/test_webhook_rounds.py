"""A signal during a run causes exactly one more run: with real processes, at random moments."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from typing import TYPE_CHECKING

from seeker_leads_webhooks.runner.child import Child
from seeker_leads_webhooks.runner.runner import Runner
from seeker_leads_webhooks.runner.schedule import Schedule, Timing

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 200
#: Reads the source and writes to the sink some time later, as a pipeline does.
_PIPELINE = "seen=$(cat {folder}/source); sleep 0.01; echo $seen >> {folder}/sink"


def test_signal_during_a_run_always_causes_one_more(tmp_path: Path) -> None:
    """What arrives after a run has read is loaded by the next run, and there is no third one."""
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}", file=sys.stderr)  # noqa: T201  # shown when it fails, to play it again
    rng = random.Random(seed)  # noqa: S311  # as above
    began = 0

    async def play() -> None:
        nonlocal began
        child = Child(("sh", "-c", _PIPELINE.format(folder=tmp_path)), os.environ, 60, print, print)
        changed, has_begun = asyncio.Event(), asyncio.Event()

        async def run() -> int:
            nonlocal began
            began += 1
            has_begun.set()
            return await child.run()

        schedule = Schedule(Timing(0, 0, recheck_seconds=0, poll_seconds=3600))
        runner = Runner(schedule, run, on_change=lambda _: changed.set())

        async def idle() -> None:
            while schedule.is_running or not schedule.seconds_until_due():
                changed.clear()
                await asyncio.wait_for(changed.wait(), 30)

        (tmp_path / "source").write_text("start")
        work = asyncio.create_task(runner.work())
        await idle()
        has_begun.clear()
        for number in range(ROUNDS):
            runs_before = began
            runner.signal()
            await has_begun.wait()
            has_begun.clear()
            await asyncio.sleep(rng.uniform(0, 0.03))
            was_running = schedule.is_running
            (tmp_path / "source").write_text(str(number))
            for _ in range(rng.randint(1, 3)):
                runner.signal()
            await idle()
            has_begun.clear()
            assert (tmp_path / "sink").read_text().split()[-1] == str(number), f"round {number}, seed {seed}"
            assert began - runs_before == 2, f"round {number}, in a run: {was_running}, seed {seed}"
        runner.stop()
        await work

    asyncio.run(play())
    assert began == 1 + 2 * ROUNDS
