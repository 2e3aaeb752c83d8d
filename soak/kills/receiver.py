"""`seeker-leads webhooks serve`: a run follows each answered call, if need be after the restart."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from http.client import HTTPException
from typing import TYPE_CHECKING

from seeker_leads_sandbox import Sandbox, SandboxOptions
from soak.kills.subject import LONGEST_SECONDS, Subject
from tests.webhook_calls import KEY, call
from tests.webhook_serving import Serving

if TYPE_CHECKING:
    from soak.kills.subject import Place
    from tests.programs import Ended, Program, Running, Starter

_CALLS = 5


class Receiver(Subject):
    """Is called for new leads, while its pipeline loads them into a table."""

    name = "webhook receiver"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.sandbox = Sandbox.start(SandboxOptions(enforce_limit=False))
        self._serving = Serving(self.folder, self.sandbox)
        self._pause = threading.Event()
        self._answered: set[str] = set()  #: leads of calls that were answered

    def __exit__(self, *_: object) -> None:
        self._wait_for_pipeline()
        self.sandbox.stop()

    def program(self) -> Program:
        """Serve; nothing but a start or a call begins a run."""
        options = ["--debounce-seconds", 0, "--recheck-seconds", 0, "--port", self._serving.port]
        run = ("webhooks", "serve", "--run", self._serving.pipeline, *options)
        return self.command("seeker-leads", *run, SEEKER_LEADS_WEBHOOK_API_KEY=KEY)

    def prepare(self) -> None:
        """Wait, most of the time, for the pipeline of a killed receiver: it refuses a second run."""
        if self.rng.random() < 0.9:
            self._wait_for_pipeline()
        self._answered_before = len(self._answered)

    def _wait_for_pipeline(self) -> None:
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)

    def drive(self, starter: Starter, kill_after_seconds: float) -> Ended:
        """Call it until it is killed; without a kill, stop it gracefully once all leads have arrived."""
        running = starter.start(self.program(), kill_after_seconds)
        until = time.monotonic() + LONGEST_SECONDS
        calls = _CALLS
        while not running.is_over() and time.monotonic() < until:
            self._pause.wait(self.rng.uniform(0, 0.05))
            if calls:
                calls -= self._call()
            elif self._leads() <= self._serving.rows():
                return self._end(running)
        return running.wait()

    def _end(self, running: Running) -> Ended:
        with contextlib.suppress(ProcessLookupError):  # it was killed at this moment
            os.kill(running.pid, signal.SIGTERM)
        return running.wait()

    def _call(self) -> bool:
        """Call it for a new lead; return whether it listened."""
        if not self._serving.is_listening():
            return False
        (lead,) = self.sandbox.add_leads(1)
        try:
            status, _ = call(self._serving.port, headers={"X-Api-Key": KEY})
        except (OSError, HTTPException):
            return True  # killed: this lead needs no run because of the call
        if status == 200:
            self._answered.add(lead)
        else:
            self.result.broken.append(f"a call was answered with {status}")
        return True

    def _leads(self) -> set[str]:
        return self.sandbox.store.ids()

    def has_begun(self) -> bool:
        """Return whether it answered a call."""
        return len(self._answered) > self._answered_before

    def is_complete(self) -> bool:
        """Return whether all calls were answered and all leads arrived."""
        return len(self._answered) - self._answered_before == _CALLS and self._leads() <= self._serving.rows()

    def verify(self) -> None:
        """Each lead whose call was answered is in the table."""
        there = self._serving.rows()
        self.result.lost |= dict.fromkeys(self._answered - there, "its call was answered, but no run brought it")
        others = self._leads() - self._answered - there
        self.result.lost |= dict.fromkeys(others, "the run at the start did not bring it")
