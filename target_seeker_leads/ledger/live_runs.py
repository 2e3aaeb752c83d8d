"""Which runs are alive: each holds a lock that ends with its process, however that ends.

So a run that was killed is known to be dead at once, without a lease that must run out first, and a run that is merely
slow is never taken for dead.
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

#: As long as an open ledger waits for SQLite: a longer holder is frozen, or is another program.
LOCK_TIMEOUT_SECONDS = 60.0

#: With the table's oid the lock that all runs of one ledger share: any number that nobody else takes will do.
_SHARED_LOCK = 0x5EE4
_LOCK_OF_ALL = "CAST(:space AS int), CAST(CAST(to_regclass(:table) AS oid) AS int)"


class FileRuns:
    """Runs on one machine: each keeps a lock (flock) on a file of its own beside the SQLite file."""

    def __init__(self, folder: Path) -> None:
        self.run_id = NOBODY
        self._folder = folder
        self._handle: int | None = None

    def start(self) -> None:
        """Take this run's lock, and remove the files of runs that were killed.

        To be called within `exclusive`: otherwise one that tidies up could take the file between its making and its
        locking for that of a dead run.
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

    def is_alone(self) -> bool:
        """Return whether no other run is alive. Ask while you hold the database's lock: then none can begin."""
        others = (path.stem for path in self._folder.glob(f"*{_SUFFIX}") if path.stem != self.run_id)
        return not any(map(self.is_alive, others))

    def end(self) -> None:
        """Remove the file, then let go of it."""
        if self._handle is not None:
            self._path(self.run_id).unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def _path(self, run_id: str) -> Path:
        return self._folder / f"{run_id}{_SUFFIX}"


class SessionRuns:
    """Runs on any number of machines: each keeps a PostgreSQL advisory lock of its session.

    It is the session that writes the ledger, too: what it commits is committed while it holds the lock, and once the
    lock is lost nothing can be claimed. A pooler that hands each transaction to another session (PgBouncer's
    transaction mode) breaks that: give `ledger_url` a direct connection.
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
        """Say whether a session has the lock; asked within a transaction, at whose end the look is over."""
        if run_id in self._dead:
            return False
        if run_id == self.run_id:
            return True
        # Shared: two that look at the same time do not take each other for the run.
        look = text("SELECT pg_try_advisory_xact_lock_shared(:id)")
        is_dead = bool(self._connection.execute(look, {"id": int(run_id, 16)}).scalar_one())
        if is_dead:
            self._dead.add(run_id)
        return not is_dead

    def is_alone(self) -> bool:
        """Return whether no other run is alive; asked within a transaction, until whose end none can begin."""
        look = text(f"SELECT pg_try_advisory_xact_lock({_LOCK_OF_ALL})")
        return bool(self._connection.execute(look, self._lock_of_all()).scalar_one())

    def _lock_of_all(self) -> dict[str, object]:
        return {"space": _SHARED_LOCK, "table": name_in_sql(self._connection)}

    def end(self) -> None:
        """Do nothing: the locks end with the session."""


#: The runs that share a ledger. A run has its own lock between `start` and `end`, and is alive that long.
Runs: TypeAlias = FileRuns | SessionRuns


@contextlib.contextmanager
def exclusive(
    folder: Path,
    *,
    timeout_seconds: float = LOCK_TIMEOUT_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[None]:
    """Keep other processes out that ask for the same; the lock is on the folder itself and leaves nothing behind.

    What `sleep` raises, or a signal's handler within it, ends the wait for another process.

    Raises:
        TimeoutError: another process has been in for so long.
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
