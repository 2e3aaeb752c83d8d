"""Opens and closes the ledger's database, private and durable from its first byte."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import NullPool

from seeker_leads_api.postgres.connection import connect
from seeker_leads_api.postgres.schemas import find_schema
from seeker_leads_api.private_files import make_private_folder
from target_seeker_leads.ledger.live_runs import LOCK_TIMEOUT_SECONDS, FileRuns, Runs, SessionRuns, exclusive
from target_seeker_leads.ledger.migrations import LATEST_FORMAT
from target_seeker_leads.ledger.tables import VERSION, found_format, prepare

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection
    from typing_extensions import Self

    from target_seeker_leads.ledger.location import Location

_BUSY_TIMEOUT_SECONDS = 60
_CLOSE_TIMEOUT_SECONDS = 5.0
#: Without it, a table that another session keeps locked would stop a run for as long as that session lives.
#: A limit that the URL's options or the server give stays.
_LIMIT_LOCK_WAITS = text(
    "SELECT set_config('lock_timeout', :timeout, false) WHERE current_setting('lock_timeout') = '0'"
)


@dataclass(frozen=True, slots=True)
class Session:
    """An open ledger, and the runs that share it."""

    location: Location
    connection: Connection
    runs: Runs
    read_only: bool
    version: int  #: the format; with `read_only`, an older one is read without migration
    is_new: bool  #: this session created the ledger
    schema: str | None  #: in PostgreSQL
    file: os.stat_result | None  #: the SQLite file that was opened

    @classmethod
    def open(cls, location: Location, *, read_only: bool) -> Self | None:
        """Start a run. With `read_only`, nothing is created, there is no run, and None means that there is no ledger.

        Raises:
            SettingsError: the driver is not installed, or a newer version wrote the ledger.
        """
        with _alone(location, read_only=read_only, timeout_seconds=LOCK_TIMEOUT_SECONDS):
            connection = _connect(location, read_only=read_only)
            if connection is None:
                return None
            runs = FileRuns(_runs_folder(location.path)) if location.path else SessionRuns(connection)
            with contextlib.ExitStack() as on_failure:
                on_failure.callback(connection.close)
                schema = None
                if location.postgres:
                    with connection.begin():
                        connection.execute(_LIMIT_LOCK_WAITS, {"timeout": f"{LOCK_TIMEOUT_SECONDS * 1000:.0f}"})
                        schema = find_schema(connection, location.postgres, table=VERSION.name, of="ledger")
                if schema:
                    # An unqualified name may lead elsewhere if the server's `search_path` changes.
                    connection.execution_options(schema_translate_map={None: schema})
                version, is_new = LATEST_FORMAT, False
                with connection.begin():
                    if not read_only:
                        is_new = prepare(connection, location.shown)
                    elif (found := found_format(connection, location.shown)) is None:
                        return None
                    else:
                        version = found
                if not read_only:
                    runs.start()
                file = location.path.stat() if location.path else None
                on_failure.pop_all()
            return cls(location, connection, runs, read_only, version, is_new, schema, file)

    def is_in_place(self) -> bool:
        """Return whether other runs find this ledger and this run; an open file outlives the removal of its name."""
        if self.location.path is None or self.file is None:
            return True
        try:
            return os.path.samestat(self.file, self.location.path.stat()) and self.runs.is_visible()
        except OSError:
            return False

    def close(self) -> None:
        """End the run."""
        with contextlib.ExitStack() as alone:
            # All data is written, so do not wait for another process.
            with contextlib.suppress(TimeoutError):
                alone.enter_context(_alone(self.location, read_only=True, timeout_seconds=_CLOSE_TIMEOUT_SECONDS))
            self.connection.close()
            self.runs.end()


def _alone(location: Location, *, read_only: bool, timeout_seconds: float) -> AbstractContextManager[object]:
    """Exclude others that open or close the ledger: SQLite answers "locked" at once to some of these steps."""
    if location.path is None:
        return contextlib.nullcontext()
    folder = _runs_folder(location.path)
    if not read_only:
        make_private_folder(folder)
    return exclusive(folder, timeout_seconds=timeout_seconds) if folder.is_dir() else contextlib.nullcontext()


def _runs_folder(path: Path) -> Path:
    return path.with_name(f"{path.name}.runs")


def _connect(location: Location, *, read_only: bool) -> Connection | None:
    if location.postgres is not None:
        return connect(location.postgres, application_name="target-seeker-leads", read_only=read_only)
    if location.path is None or (read_only and not location.path.exists()):
        return None
    if not read_only:
        _create_private(location.path)
    return _connect_sqlite(location.path, read_only=read_only)


def _create_private(path: Path) -> None:
    """Create an empty file, which is an empty database; SQLite gives its mode to the files that it adds."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _connect_sqlite(path: Path, *, read_only: bool) -> Connection:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path))}?mode=rw",
            uri=True,
            timeout=_BUSY_TIMEOUT_SECONDS,
            # Transactions begin only in the listener below.
            isolation_level=None,
            # Only one thread at a time uses it, but not always the same one.
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA query_only = ON" if read_only else "PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()  # not a database, or not writable
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)
    # Lock first, so that a decision can always be written.
    begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine.connect()
