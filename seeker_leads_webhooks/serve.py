"""Runs the receiver and the runner together until a signal ends them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from typing import TYPE_CHECKING

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.keys import without_keys
from seeker_leads_webhooks.receiver.app import Receiver
from seeker_leads_webhooks.runner.child import Child
from seeker_leads_webhooks.runner.health import Health, write_health
from seeker_leads_webhooks.runner.runner import Runner
from seeker_leads_webhooks.runner.schedule import Schedule

if TYPE_CHECKING:
    from seeker_leads_webhooks.settings import ServeSettings

#: A supervisor may send one signal twice, to the process and to its group. After this time, it is a second signal.
_SAME_SIGNAL_SECONDS = 2.0
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
logger = logging.getLogger(__name__)
_output = logging.getLogger(f"{__name__}.run")


def serve(settings: ServeSettings) -> None:
    """Answer calls and run the pipeline until SIGTERM or Ctrl-C, which are passed on to the current run.

    Raises:
        SettingsError: the address is not available, or the health file cannot be written.
    """
    asyncio.run(_serve(settings))


async def _serve(settings: ServeSettings) -> None:
    child = Child(
        settings.command,
        without_keys(os.environ),
        settings.run_timeout_seconds,
        on_line=_output.info,
        report=logger.warning,
    )
    health = _HealthFile(settings)
    runner = Runner(Schedule(settings.timing), child.run, on_change=health.write)
    health.write_first(runner.health)
    receiver = Receiver(
        settings.auth,
        settings.keys.accepted,
        on_call=runner.signal,
        health=runner.health.as_json,
        answer_status=settings.answer_status,
    )
    first_at: float | None = None

    def stop(number: signal.Signals) -> None:
        nonlocal first_at
        if first_at is None:
            first_at = time.monotonic()
            logger.info("%s: the receiver exits when the current run has ended", number.name)
            runner.stop()
            child.stop()
        elif time.monotonic() - first_at > _SAME_SIGNAL_SECONDS:
            logger.warning("%s again: killing the run", number.name)
            child.kill()

    loop = asyncio.get_running_loop()
    for number in _STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` does, so that the receiver outlives a terminal
            loop.add_signal_handler(number, stop, number)
    async with receiver.listening(settings.host, settings.port) as port:
        logger.info("Listening on http://%s:%d", settings.host, port)
        await runner.work()
    logger.info("Ended")


class _HealthFile:
    """Writes the health file, if there is one; after the start, a failure is logged once, as a warning."""

    def __init__(self, settings: ServeSettings) -> None:
        self._path = settings.health_file
        self._is_failing = False

    def write_first(self, health: Health) -> None:
        if self._path is not None:
            write_health(self._path, health)

    def write(self, health: Health) -> None:
        try:
            self.write_first(health)
            self._is_failing = False
        except SettingsError as error:
            if not self._is_failing:
                logger.warning(error)
            self._is_failing = True
