"""Console scripts as real processes that are killed at a given moment."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class Program:
    """A run of a console script; paths are texts, stdout and stderr are appended to."""

    arguments: tuple[str, ...]  #: the first one is the script's name
    folder: str  #: the working directory
    stdout: str
    stderr: str
    stdin: str = os.devnull
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a run ended: the exit status, negative for a signal, and its duration."""

    status: int
    seconds: float


class Running(Protocol):
    """A run, which is killed at the moment that was given."""

    pid: int

    def is_over(self) -> bool:
        """Return whether it has ended."""

    def wait(self) -> Ended:
        """Wait for its end."""


class Starter(Protocol):
    """Starts programs."""

    def start(self, program: Program, kill_after_seconds: float | None) -> Running:
        """Start a program that gets SIGKILL after this time. None: it may take any time."""


class _Fresh:
    def __init__(self, process: subprocess.Popen[bytes], kill_after_seconds: float | None) -> None:
        self._process = process
        self._began = time.monotonic()
        self._kill_after_seconds = kill_after_seconds
        self._ended: list[Ended] = []
        self._thread = threading.Thread(target=self._keep)
        self._thread.start()
        self.pid = process.pid

    def _keep(self) -> None:
        try:
            self._process.wait(self._kill_after_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._ended.append(Ended(self._process.wait(), time.monotonic() - self._began))

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def wait(self) -> Ended:
        self._thread.join()
        return self._ended[0]


class FreshProcesses:
    """Starts whole programs, whose interpreter starts and imports everything anew."""

    def start(self, program: Program, kill_after_seconds: float | None) -> Running:
        """Start a program that gets SIGKILL after this time. None: it may take any time."""
        name, *arguments = program.arguments
        with (
            Path(program.stdin).open("rb") as stdin,
            Path(program.stdout).open("ab") as out,
            Path(program.stderr).open("ab") as err,
        ):
            process = subprocess.Popen(
                [Path(sys.executable).with_name(name), *arguments],
                cwd=program.folder,
                env=program.environment,
                stdin=stdin,
                stdout=out,
                stderr=err,
            )
        return _Fresh(process, kill_after_seconds)
