"""The pipeline as a process: started without a shell, listened to, and ended in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: What shells answer where a program cannot be started.
NOT_STARTED = 127
_PIECE_BYTES = 1 << 16
#: A program that was asked to end, and does not, is killed after so long.
_GRACE_SECONDS = 30.0
#: What is left of the output once the program has ended; a program of its own that goes on may hold the pipe open.
_LAST_OUTPUT_SECONDS = 2.0


@dataclass
class Child:
    """Runs a command, one run at a time. `stop` and `kill` are for the run that is going on.

    It is a process group of its own: signals go to all that it started, and Ctrl-C on a terminal comes to us alone.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    timeout_seconds: float
    on_line: Callable[[str], object]  #: gets each line of what the command says, on stdout and stderr
    report: Callable[[str], object]
    grace_seconds: float = _GRACE_SECONDS
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _is_stopped: bool = field(default=False, init=False)

    async def run(self) -> int:
        """Run it, and return its exit status, or the negative number of the signal that ended it."""
        if self._is_stopped:
            return -signal.SIGTERM
        try:
            process = self._process = subprocess.Popen(  # noqa: ASYNC220, S603  # starting is quick; the user's command
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        except OSError as error:
            self.report(f"The command of --run cannot be started ({error.strerror})")
            return NOT_STARTED
        output = asyncio.create_task(self._pass_on(process))
        try:
            return await self._end_of(process)
        finally:
            self._process = None
            await asyncio.wait([output], timeout=_LAST_OUTPUT_SECONDS)
            output.cancel()

    def stop(self) -> None:
        """Ask the run to end, and let none begin any more."""
        self._is_stopped = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the run at once."""
        self._signal(signal.SIGKILL)

    async def _end_of(self, process: subprocess.Popen[bytes]) -> int:
        # Not asyncio's own subprocess: its end waits for that of the pipe, too.
        end = asyncio.ensure_future(asyncio.to_thread(process.wait))
        await asyncio.wait([end], timeout=self.timeout_seconds)
        if not end.done():
            self.report(f"The run takes longer than {self.timeout_seconds:g} s (--run-timeout-seconds): it is ended")
            self._signal(signal.SIGTERM)
            await asyncio.wait([end], timeout=self.grace_seconds)
        if not end.done():
            self.report(f"The run does not end within {self.grace_seconds:g} s after SIGTERM: it is killed")
            self._signal(signal.SIGKILL)
        return await end

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    async def _pass_on(self, process: subprocess.Popen[bytes]) -> None:
        output = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), process.stdout
        )
        rest = b""
        try:
            while piece := await output.read(_PIECE_BYTES):
                *lines, rest = (rest + piece).split(b"\n")
                if len(rest) > _PIECE_BYTES:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self.on_line(_printable(line))
            if rest:
                self.on_line(_printable(rest))
        finally:
            transport.close()


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip()
    return "".join(char if char.isprintable() or char == "\t" else " " for char in text)
