"""The runner: waits until the schedule says that a run is due, and runs it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from seeker_leads_webhooks.runner.health import Health

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from seeker_leads_webhooks.runner.schedule import Schedule

logger = logging.getLogger(__name__)
#: The health file is written at least this often.
HEARTBEAT_SECONDS = 30.0


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Wait for the event, but no longer than `seconds`."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


class Runner:
    """Calls `run`, which returns an exit status, whenever a run is due, until it is stopped."""

    def __init__(
        self,
        schedule: Schedule,
        run: Callable[[], Awaitable[int]],
        *,
        on_change: Callable[[Health], object],
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = wait_for,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.health = Health()
        self._schedule = schedule
        self._run = run
        self._on_change = on_change
        self._wait = wait
        self._now = now
        self._changed = asyncio.Event()
        self._is_stopping = False
        self._signals = 0  # since the last run began

    def signal(self) -> None:
        """Record that there may be new leads; a run that starts after this is then due."""
        self._schedule.signal()
        self._signals += 1
        self.health.last_signal_at = self._now()
        self._changed.set()

    def stop(self) -> None:
        """Start no more runs; `work` returns when the current run has ended."""
        self._is_stopping = True
        self._changed.set()

    async def work(self) -> None:
        """Run whenever a run is due, until `stop`."""
        while not self._is_stopping:
            self._changed.clear()
            seconds = self._schedule.seconds_until_due()
            if not seconds:
                await self._run_once()
                continue
            await self._wait(self._changed, min(seconds, HEARTBEAT_SECONDS))
            self._on_change(self.health)

    async def _run_once(self) -> None:
        health, signals, self._signals = self.health, self._signals, 0
        self._schedule.begin()
        began_at = health.last_run_began_at = self._now()
        health.is_running = True
        self._on_change(health)
        logger.info("A run begins (calls since the last one began: %d)", signals)
        status = await self._run()
        self._schedule.end(succeeded=status == 0)
        ended_at = health.last_run_ended_at = self._now()
        health.is_running = False
        health.last_run_status = status
        health.failures_in_a_row = self._schedule.failures
        if status == 0:
            health.last_success_at = ended_at
            logger.info("The run ended with status 0 after %.1f s", ended_at - began_at)
        elif not self._is_stopping:
            logger.warning(
                "The run ended with status %d after %.1f s; the next one begins in %.0f s",
                status,
                ended_at - began_at,
                self._schedule.seconds_until_due() or 0.0,
            )
        self._on_change(health)
