"""Runs of the tap that are killed at random moments, each going on from the last state that came out whole."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from tap_seeker_leads.leads.timestamps import to_rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_sandbox import Sandbox

TAP = Path(sys.executable).with_name("tap-seeker-leads")
DAY = 86_400
#: Waits in a run that was started until it is to end.
Moment: TypeAlias = "Callable[[subprocess.Popen[bytes]], object]"


@dataclass
class KilledRuns:
    """The tap's program, with a config and a state in a folder of its own; and what all its runs put out."""

    folder: Path
    reads: Counter[str] = field(default_factory=Counter)  #: how often each lead came out
    bookmarks: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    log: str = ""
    twice_in_a_run: int = 0

    def configure(self, sandbox: Sandbox, **config: Any) -> None:
        settings = {"api_url": sandbox.api_url, "auth_token": "sandbox-token", **config}
        given = {name: value for name, value in settings.items() if value is not None}
        (self.folder / "config.json").write_text(json.dumps(given))

    def run(
        self,
        moment: Moment | None = None,
        *,
        end_by: signal.Signals = signal.SIGKILL,
        at_state: bool = False,
        patience_seconds: float = 120.0,
    ) -> bool:
        """Run once, and end it when the moment has come; return whether it came to its own end.

        With `at_state` the end waits for the next STATE: there a state that promises too much costs leads.

        Raises:
            subprocess.TimeoutExpired: it did not end for so long.
        """
        command: list[str | Path] = [TAP, "--config", self.folder / "config.json"]
        state = self.folder / "state.json"
        command += ["--state", state] if state.exists() else []
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LOGLEVEL": "WARNING"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
            output, errors = _Output(process.stdout), _Output(process.stderr)
            if moment:
                moment(process)
                if at_state:
                    output.wait_for_state()
                process.send_signal(end_by)
            try:
                process.wait(patience_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            stdout, self.log = output.whole(), self.log + errors.whole().decode()
        self.statuses.append(process.returncode)
        self._take(stdout)
        return process.returncode == 0

    def lost(self, sandbox: Sandbox) -> set[str]:
        """Return the ids of leads that never came out."""
        return {lead["metadata"]["leadId"] for lead in sandbox.store.all()} - set(self.reads)

    def _take(self, stdout: bytes) -> None:
        # What a kill cuts off in the middle of a line never counts.
        lines = stdout[: stdout.rfind(b"\n") + 1].splitlines()
        messages = [json.loads(line) for line in lines]
        ids = [message["record"]["leadId"] for message in messages if message["type"] == "RECORD"]
        self.twice_in_a_run += len(ids) - len(set(ids))
        self.reads.update(ids)
        for message in messages:
            if message["type"] == "STATE":
                (self.folder / "state.json").write_text(json.dumps(message["value"]))
                bookmark = message["value"].get("bookmarks", {}).get("leads", {}).get("replication_key_value")
                if bookmark is not None:
                    self.bookmarks.append(bookmark)


def days_ago(days: int) -> str:
    """Return an instant for `start_date`."""
    return to_rfc3339(int(time.time()) - days * DAY)


def after_seconds(seconds: float) -> Moment:
    """Return a moment by the clock: the only one there is before a run asks for anything."""

    def wait(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    return wait


def after_requests(sandbox: Sandbox, count: int) -> Moment:
    """Return the moment at which so many requests of the run have come, or it ended by itself."""
    asked_before = sandbox.statistics.requests

    def wait(process: subprocess.Popen[bytes]) -> None:
        statistics = sandbox.statistics
        # An end by itself is no request: it is looked for now and then.
        while process.poll() is None and not statistics.wait_until(
            lambda: statistics.requests >= asked_before + count, timeout_seconds=0.1
        ):
            pass

    return wait


class _Output:
    """Takes what a program says as it comes, so that a full pipe never holds the program up."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe
        self._pipe = pipe
        self._lines = bytearray()
        self._states = 0
        self._is_over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def wait_for_state(self) -> None:
        """Wait until the next STATE comes, or nothing more."""
        with self._changed:
            seen = self._states
            self._changed.wait_for(lambda: self._states > seen or self._is_over)

    def whole(self) -> bytes:
        """Wait for the end, and return everything."""
        self._thread.join()
        return bytes(self._lines)

    def _read(self) -> None:
        for line in self._pipe:
            with self._changed:
                self._lines += line
                self._states += b'"STATE"' in line
                self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()
