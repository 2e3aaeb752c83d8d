"""Runs the pipeline as a process: started without a shell, with its output passed on, and stopped gracefully."""

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

#: The status that shells return if a program cannot be started.
NOT_STARTED = 127
_PIECE_BYTES = 1 << 16
#: Time between SIGTERM and SIGKILL.
_GRACE_SECONDS = 30.0
#: How often a run that gets SIGTERM is checked for processes that are left.
_CHECK_SECONDS = 0.05
#: How long to read the output after the program has ended: a program that it started may keep the pipe open.
_LAST_OUTPUT_SECONDS = 2.0


@dataclass
class Child:
    """Runs a command, one run at a time. `stop` and `kill` are for the current run.

    Each run is a process group of its own. So signals reach every process that it started, and Ctrl-C on a terminal
    reaches only the receiver.
    """

    command: Sequence[str]
    environment: Mapping[str, str]
    timeout_seconds: float
    on_line: Callable[[str], object]  #: gets each line that the command writes to stdout and stderr
    report: Callable[[str], object]
    grace_seconds: float = _GRACE_SECONDS
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _is_stopped: bool = field(default=False, init=False)

    async def run(self) -> int:
        """Run the command and return its exit status, or the negative number of the signal that ended it."""
        if self._is_stopped:
            return -signal.SIGTERM
        try:
            process = self._process = subprocess.Popen(  # noqa: ASYNC220, S603  # quick; the user's command
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
        """Ask the current run to end, and start no other."""
        self._is_stopped = True
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill the current run."""
        self._signal(signal.SIGKILL)

    async def _end_of(self, process: subprocess.Popen[bytes]) -> int:
        # asyncio's own subprocess is not used: it would also wait for the pipe to be closed.
        end = asyncio.ensure_future(asyncio.to_thread(process.wait))
        await asyncio.wait([end], timeout=self.timeout_seconds)
        is_too_long = not end.done()
        if is_too_long:
            self.report(
                f"The run takes longer than {self.timeout_seconds:g} s (--run-timeout-seconds): it gets SIGTERM"
            )
            await self._end_group(process)
        status = await end
        if self._is_stopped:
            # Others may still settle what is in progress, and the end of a container's first process kills them.
            await self._has_group_ended(process)
        elif status and not is_too_long and _is_left(process):
            self.report(f"The run ended with status {status}, and processes that it started did not: they get SIGTERM")
            await self._end_group(process)
        return status

    async def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        """Ask the program and all that it started to end, and kill what does not: the next run must not overlap."""
        self._signal(signal.SIGTERM)
        # The program may end before those that it started.
        if not await self._has_group_ended(process):
            self.report(f"The run did not end within {self.grace_seconds:g} s after SIGTERM: killing it")
            self._signal(signal.SIGKILL)

    async def _has_group_ended(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the program and all that it started have ended, for no longer than `grace_seconds`."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self.grace_seconds
        while _is_left(process) and loop.time() < ends_at:  # noqa: ASYNC110  # the kernel has no event for a group
            await asyncio.sleep(_CHECK_SECONDS)
        return not _is_left(process)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            pass  # it has just ended
        except PermissionError:
            self.report(f"The run cannot get {number.name}, since another user runs it: run the receiver as that user")

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


def _is_left(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the program or anything in its group is left."""
    if process.returncode is not None:
        # In a container, this may be the first process: what has ended is left until it collects it.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-process.pid, os.WNOHANG) != (0, 0):
                pass
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it is another user's, as with `sudo`
    return True


def _printable(line: bytes) -> str:
    text = line.decode("utf-8", "replace").rstrip()
    return "".join(char if char.isprintable() or char == "\t" else " " for char in text)
