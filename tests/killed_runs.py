"""Runs of the tap that are killed at random moments; each continues from the last complete STATE."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, TypeAlias

from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.client_credentials import as_accounts
from tests.user_programs import BIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox

TAP = BIN / "tap-seeker-leads"
DAY = 86_400
#: Waits in a running process until the moment to kill it.
Moment: TypeAlias = "Callable[[subprocess.Popen[bytes]], object]"


@dataclass
class KilledRuns:
    """The tap's program with its own folder for config and state; collects the output of all its runs."""

    folder: Path
    log_level: str = "WARNING"
    reads: Counter[str] = field(default_factory=Counter)  #: how often each lead was written
    bookmarks: list[str] = field(default_factory=list)
    states: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    log: str = ""
    twice_in_a_run: int = 0

    def configure(self, sandbox: Sandbox, **config: Any) -> None:
        settings = {"api_url": sandbox.api_url, "auth_token": "sandbox-token", **config}
        given = {name: value for name, value in settings.items() if value is not None}
        (self.folder / "config.json").write_text(json.dumps(given))

    def configure_accounts(self, sandbox: Sandbox, accounts: dict[str, str], **config: Any) -> None:
        """Configure many accounts: the `intermediary_id` of each label."""
        self.configure(sandbox, **as_accounts(sandbox, accounts), **config)

    def run(
        self,
        moment: Moment | None = None,
        *,
        end_by: signal.Signals = signal.SIGKILL,
        at_state: bool = False,
        patience_seconds: float = 120.0,
    ) -> bool:
        """Run once and stop the run at the moment; return whether it ended before that.

        With `at_state`, the stop waits for the next STATE: a state that is written too early would lose leads there.

        Raises:
            subprocess.TimeoutExpired: it did not end in time.
        """
        command: list[str | Path] = [TAP, "--config", self.folder / "config.json"]
        state = self.folder / "state.json"
        command += ["--state", state] if state.exists() else []
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LOGLEVEL": self.log_level}
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
        """Return the ids of leads that were never written."""
        return sandbox.store.ids() - set(self.reads)

    def _take(self, stdout: bytes) -> None:
        messages = whole_lines(stdout)
        ids = [message["record"]["leadId"] for message in messages if message["type"] == "RECORD"]
        self.twice_in_a_run += len(ids) - len(set(ids))
        self.reads.update(ids)
        for message in messages:
            if message["type"] == "STATE":
                (self.folder / "state.json").write_text(json.dumps(message["value"]))
                self.states.append(message["value"])
                bookmark = message["value"].get("bookmarks", {}).get("leads", {}).get("replication_key_value")
                if bookmark is not None:
                    self.bookmarks.append(bookmark)


def whole_lines(stdout: bytes) -> list[dict[str, Any]]:
    """Return the JSON lines that a run wrote; a line that a kill cut off never counts."""
    return [json.loads(line) for line in stdout[: stdout.rfind(b"\n") + 1].splitlines()]


def days_ago(days: int) -> str:
    """Return an instant for `start_date`."""
    return to_rfc3339(int(time.time()) - days * DAY)


def after_seconds(seconds: float) -> Moment:
    """Return a moment by the clock: the only possible one before the run's first request."""

    def wait(process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)

    return wait


def after_requests(sandbox: Sandbox, count: int) -> Moment:
    """Return the moment when this number of requests has arrived, or the run has ended."""
    asked_before = sandbox.statistics.requests

    def wait(process: subprocess.Popen[bytes]) -> None:
        statistics = sandbox.statistics
        # The end of a run is not a request, so it is polled.
        while process.poll() is None and not statistics.wait_until(
            lambda: statistics.requests >= asked_before + count, timeout_seconds=0.1
        ):
            pass

    return wait


class _Output:
    """Reads a program's output continuously, so that a full pipe never blocks the program."""

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
        """Wait for the next STATE or the end of the output."""
        with self._changed:
            seen = self._states
            self._changed.wait_for(lambda: self._states > seen or self._is_over)

    def whole(self) -> bytes:
        """Wait for the end and return the whole output."""
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
