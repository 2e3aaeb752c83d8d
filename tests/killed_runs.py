"""Runs of the tap that are killed at random moments, each going on from the last state that came out whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_seeker_leads.instants import to_rfc3339

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from seeker_leads_sandbox import Sandbox

TAP = Path(sys.executable).with_name("tap-seeker-leads")
DAY = 86_400


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
        (self.folder / "config.json").write_text(json.dumps(settings))

    def run(
        self, *, life_seconds: float | None, end_by: signal.Signals = signal.SIGKILL, at_state: bool = False
    ) -> bool:
        """Run once, and end it after so long; return whether it came to its own end.

        With `at_state` the end waits for the next STATE: there a state that promises too much costs leads.
        """
        command: list[str | Path] = [TAP, "--config", self.folder / "config.json"]
        state = self.folder / "state.json"
        command += ["--state", state] if state.exists() else []
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LOGLEVEL": "WARNING"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
            try:
                if at_state:
                    stdout = self._until_state(process, time.monotonic() + (life_seconds or 0.0))
                    process.send_signal(end_by)
                    assert process.stdout
                    assert process.stderr
                    stdout, stderr = stdout + process.stdout.read(), process.stderr.read()
                else:
                    stdout, stderr = process.communicate(timeout=life_seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(end_by)
                stdout, stderr = process.communicate(timeout=60)
        self.log += stderr.decode()
        self.statuses.append(process.returncode)
        self._take(stdout)
        return process.returncode == 0

    def run_until_done(self, kills: int, lives: Callable[[], float], ends: Iterator[signal.Signals]) -> None:
        """Run again and again: so many lives end early, a third of them at a STATE; the last one does not."""
        for number in range(kills):
            self.run(life_seconds=lives(), end_by=next(ends), at_state=number % 3 == 0)
        self.run(life_seconds=None)

    def lost(self, sandbox: Sandbox) -> set[str]:
        """Return the ids of leads that never came out."""
        return {lead["metadata"]["leadId"] for lead in sandbox.store.all()} - set(self.reads)

    @staticmethod
    def _until_state(process: subprocess.Popen[bytes], earliest: float) -> bytes:
        """Return what comes out up to the first STATE after that moment."""
        lines = bytearray()
        for line in process.stdout or ():
            lines += line
            if b'"STATE"' in line and time.monotonic() > earliest:
                break
        return bytes(lines)

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


def random_lives(chance: random.Random, longest_seconds: float) -> Callable[[], float]:
    """Return how long a run may live: from hardly started to well under way."""
    return lambda: chance.uniform(0.05, longest_seconds)
