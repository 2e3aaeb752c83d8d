"""Finds out which runs are alive: each holds a lock that ends with its process, however the process ends.

So a killed run counts as dead at once, without a lease that must expire first, and a run that is merely slow never
counts as dead.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import time
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import text

from seeker_leads_api.postgres.connection import keep_alive
from seeker_leads_api.private_files import try_lock, wait_for_lock
from target_seeker_leads.ledger.rules import NOBODY
from target_seeker_leads.ledger.tables import name_in_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

_SUFFIX = ".lock"

#: As long as an open ledger waits for SQLite: a process that holds the lock for longer is frozen or another program.
LOCK_TIMEOUT_SECONDS = 60.0

#: Together with the table's oid, the key of the lock that all runs of one ledger share. Any unused number will do.
_SHARED_LOCK = 0x5EE4
_LOCK_OF_ALL = "CAST(:space AS int), CAST(CAST(to_regclass(:table) AS oid) AS int)"


class FileRuns:
    """Runs on one machine: each holds a lock (flock) on its own file next to the SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.run_id = NOBODY
        self._folder = folder
        self._handle: int | None = None

    def start(self) -> None:
        """Take this run's lock, and remove the files of killed runs.

        Call it within `exclusive`: otherwise another run could remove the file after it is created and before it is
        locked, as if it belonged to a dead run.
        """
        run_id = _new_run_id()
        self._handle = os.open(self._path(run_id), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        self.run_id = run_id
        for other in self._folder.glob(f"*{_SUFFIX}"):
            if not self.is_alive(other.stem):
                other.unlink(missing_ok=True)

    def is_alive(self, run_id: str) -> bool:
        """Return whether the file is there and locked. The check neither creates it nor blocks other checks."""
        if run_id == self.run_id:
            return self._handle is not None
        try:
            handle = os.open(self._path(run_id), os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return False
        try:
            return not try_lock(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)

    def is_visible(self) -> bool:
        """Return whether the file of this run is there, so that others can see that it is alive."""
        return self._path(self.run_id).exists()

    def is_alone(self) -> bool:
        """Return whether no other run is alive. Ask while you hold the database's lock: then none can begin."""
        others = (path.stem for path in self._folder.glob(f"*{_SUFFIX}") if path.stem != self.run_id)
        return not any(map(self.is_alive, others))

    def end(self) -> None:
        """Remove the file, then release its lock."""
        if self._handle is not None:
            self._path(self.run_id).unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}{_SUFFIX}"


class SessionRuns:
    """Runs on any number of machines: each holds a PostgreSQL advisory lock in its session.

    The same session writes the ledger: it commits only while it holds the lock, and once the lock is lost, nothing can
    be claimed. A pooler that gives each transaction to another session (PgBouncer's transaction mode) breaks this:
    `ledger_url` needs a direct connection.
    """

    def __init__(self, connection: Connection) -> None:
        self.run_id = NOBODY
        self._connection = connection
        self._dead = {NOBODY}

    def start(self) -> None:
        """Take this run's lock, and a share of the one of all runs, for as long as the session lasts."""
        run_id = _new_run_id()
        with self._connection.begin():
            keep_alive(self._connection)
            self._connection.execute(text("SELECT pg_advisory_lock(:id)"), {"id": int(run_id, 16)})
            self._connection.execute(text(f"SELECT pg_advisory_lock_shared({_LOCK_OF_ALL})"), self._lock_of_all())
        self.run_id = run_id

    def is_alive(self, run_id: str) -> bool:
        """Return whether a session holds the lock. Call it in a transaction: its end releases the check's own lock."""
        if run_id in self._dead:
            return False
        if run_id == self.run_id:
            return True
        # A shared lock, so that two checks at the same time do not mistake each other for the run.
        look = text("SELECT pg_try_advisory_xact_lock_shared(:id)")
        is_dead = bool(self._connection.execute(look, {"id": int(run_id, 16)}).scalar_one())
        if is_dead:
            self._dead.add(run_id)
        return not is_dead

    def is_visible(self) -> bool:
        """Return True: a run that loses its session, and so its lock, gets an error with its next statement."""
        return True

    def is_alone(self) -> bool:
        """Return whether no other run is alive; asked within a transaction, until whose end none can begin."""
        look = text(f"SELECT pg_try_advisory_xact_lock({_LOCK_OF_ALL})")
        return bool(self._connection.execute(look, self._lock_of_all()).scalar_one())

    def _lock_of_all(self) -> dict[str, object]:
        return {"space": _SHARED_LOCK, "table": name_in_sql(self._connection)}

    def end(self) -> None:
        """Do nothing: the locks end with the session."""


#: The runs that share a ledger. A run holds its own lock, and so is alive, between `start` and `end`.
Runs: TypeAlias = FileRuns | SessionRuns


@contextlib.contextmanager
def exclusive(
    folder: Path,
    *,
    timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[None]:
    """Exclude other processes that call this for the same folder; the lock is on the folder itself and leaves no file.

    If `sleep` raises, or a signal handler during it, the wait for another process ends.

    Raises:
        TimeoutError: another process held the lock for the whole timeout.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not wait_for_lock(lambda: try_lock(handle), timeout_seconds=timeout_seconds, clock=clock, sleep=sleep):
            raise TimeoutError(errno.ETIMEDOUT, "its folder is locked", str(folder))
        yield
    finally:
        os.close(handle)


def _new_run_id() -> str:
    # 63 bits: fits PostgreSQL's signed key of an advisory lock.
    return f"{secrets.randbits(63):016x}"
