"""Console scripts as real processes that start at once, so that a kill can hit any moment of their work.

A server, a process with one thread and no connection, has imported every program; each run is a fork of it. The fork
calls the console script's own function with its arguments, environment and files, and ends as an interpreter ends. It
leaves out only the start: the interpreter's own, and the imports. `FreshProcesses` starts whole programs in its place.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

from tests.pages import PROJECT
from tests.programs import Ended, Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.programs import Running

#: The console scripts, and modules that they import only while they work.
_PROGRAMS = ("tap-seeker-leads", "target-seeker-leads", "seeker-leads")
_LATE_IMPORTS = ("psycopg", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite")


class _Fork:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._file = connection.makefile("r", encoding="utf-8")
        self.pid = int(self._file.readline())

    def is_over(self) -> bool:
        return bool(select.select([self._connection], [], [], 0)[0])

    def wait(self) -> Ended:
        with self._connection, self._file:
            return Ended(**json.loads(self._file.readline()))


@dataclass(frozen=True)
class ForkServer:
    """Starts programs as forks; safe to use from several threads."""

    address: str

    def start(self, program: Program, kill_after_seconds: float | None) -> Running:
        """Start a program that gets SIGKILL after this time, or if this process ends. None: it may take any time."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.address)
        connection.sendall(json.dumps([asdict(program), kill_after_seconds]).encode() + b"\n")
        return _Fork(connection)


@contextlib.contextmanager
def fork_server() -> Iterator[ForkServer]:
    """Run a fork server."""
    # The path of a socket must be short, and folders of tests may be deep.
    with tempfile.TemporaryDirectory() as folder:
        address = f"{folder}/forks"
        command = [sys.executable, "-m", "tests.fork_server", address]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=PROJECT) as process:
            assert process.stdin
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            try:
                yield ForkServer(address)
            finally:
                process.stdin.close()


def _serve(address: str) -> Callable[[], object]:
    """Fork for each program until stdin is closed. Return only in such a fork, with what it has to do."""
    mains: dict[str, Callable[[], object]] = {
        each.name: each.load() for each in entry_points(group="console_scripts") if each.name in _PROGRAMS
    }
    for name in _LATE_IMPORTS:
        import_module(name)
    gc.freeze()
    assert threading.active_count() == 1, "a fork copies only one thread"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    os.write(1, b"ready\n")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are not waited for
    while True:
        readable, _, _ = select.select([listener.fileno(), 0], [], [])
        if listener.fileno() not in readable:
            sys.exit()
        connection, _ = listener.accept()
        if os.fork():
            connection.close()
            continue
        listener.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        program = _keep(connection)
        if program is None:
            os._exit(0)
        return mains[program.arguments[0]]


def _keep(connection: socket.socket) -> Program | None:
    """Fork again: return the program in the child, None in its keeper once the child has ended."""
    file = connection.makefile("rw", encoding="utf-8")
    fields, kill_after_seconds = json.loads(file.readline())
    # The child alone holds the other end of this pipe, which closes when it ends.
    ended, held = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        os.close(ended)
        file.close()
        connection.close()
        return _become(Program(**fields))
    os.close(held)
    file.write(f"{child}\n")
    file.flush()
    readable, _, _ = select.select([ended, connection.fileno()], [], [], kill_after_seconds)
    if ended not in readable:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        file.write(json.dumps(asdict(Ended(status, time.monotonic() - began))) + "\n")
        file.flush()
    return None


def _become(program: Program) -> Program:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.dup2(os.open(program.stdin, os.O_RDONLY), 0)
    os.dup2(os.open(program.stdout, flags, 0o600), 1)
    os.dup2(os.open(program.stderr, flags, 0o600), 2)
    os.chdir(program.folder)
    os.environ.clear()
    os.environ.update(program.environment)
    sys.argv[:] = program.arguments
    return program


if __name__ == "__main__":
    sys.exit(_serve(sys.argv[1])())  # type: ignore[arg-type]  # as a console script does
