"""A PostgreSQL server that is killed, restarted, or loses its connections."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
from psycopg import sql

from demo.postgres import start_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: While processes of a killed server still hold its memory, a new one cannot start.
_START_TRIES, _PAUSE_SECONDS = 20, 0.5
#: What can happen to a server, by name.
FAULTS = ("connections cut", "restarted", "killed")


class Postgres:
    """An embedded server in a folder, from `start` to `stop`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: Any = None

    def start(self) -> None:
        """Start it, if it was not started before."""
        if self._server is None:
            self._server = start_postgres(self._folder)

    def new_database(self, name: str) -> str:
        """Replace a database by an empty one, and return its URL."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            database = sql.Identifier(name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        return str(self._server.get_uri(database=name))

    def inject(self, name: str) -> None:
        """Cause one of `FAULTS`; the server is available again when this returns."""
        if name == "connections cut":
            with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid()"
                )
            return
        # An earlier round, in another process, may have restarted it.
        postmaster = psutil.Process(int((self._folder / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        if name == "killed":
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
        else:
            postmaster.send_signal(2)  # a fast shutdown: it ends all sessions
        psutil.wait_procs(family, timeout=30)
        self._start_again()

    def stop(self) -> None:
        """End it, if it was started."""
        if self._server is not None:
            self._server.ensure_postgres_running()  # rounds restarted it, and this process must know its number
            self._server.cleanup()

    def _start_again(self) -> None:
        for _ in range(_START_TRIES):
            with suppress(Exception):  # whatever it says, it is tried again
                self._server.ensure_postgres_running()
                return
            time.sleep(_PAUSE_SECONDS)
        self._server.ensure_postgres_running()


@contextmanager
def connected(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect to a server, which may still be recovering."""
    for _ in range(_START_TRIES):
        try:
            connection = psycopg.connect(url, autocommit=True)
            break
        except psycopg.OperationalError:
            time.sleep(_PAUSE_SECONDS)
    else:
        connection = psycopg.connect(url, autocommit=True)
    with connection:
        yield connection
