"""Finds repeated rows by a temporary SQLite file of identities, so that memory does not grow with the input."""

from __future__ import annotations

import contextlib
import enum
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Size of SQLite's cache; the rest is in the file.
_CACHE_KIB = 32 * 1024


class RowOutcome(enum.Enum):
    """What would happen to a row."""

    SENDABLE = "sendable"
    REJECTED = "rejected"
    DUPLICATE = "doubled"  #: the same lead as an earlier row; `--json` promises this name


class Repeats:
    """Stores the identities of all rows so far, as hashes that contain no personal data."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, is_sendable INTEGER NOT NULL) WITHOUT ROWID")

    def add(self, key: str, *, is_sendable: bool) -> RowOutcome:
        """Store a row and return what would happen to it in a run.

        A rejected row that comes again is sent if it can be sent now; any other repeated row is a duplicate.
        """
        row = (bytes.fromhex(key), is_sendable)
        if not self._database.execute("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING", row).rowcount:
            update = "UPDATE seen SET is_sendable = 1 WHERE key = ? AND NOT is_sendable AND ?"
            if not self._database.execute(update, row).rowcount:
                return RowOutcome.DUPLICATE
        return RowOutcome.SENDABLE if is_sendable else RowOutcome.REJECTED


@contextlib.contextmanager
def repeats() -> Iterator[Repeats]:
    """Open a temporary file for the identities, which is deleted at the end.

    Raises:
        InputFileError: the file cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="seeker-leads-") as folder, _opened(Path(folder) / "seen.db") as seen:
            yield seen
    except sqlite3.Error:
        msg = "The temporary file of this preview cannot be written: set TMPDIR to a folder with free space"
        raise InputFileError(msg) from None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Repeats]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as database:
        # The file is temporary, so one transaction without protection against a crash is enough.
        for statement in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
            database.execute(f"PRAGMA {statement}")
        database.execute("BEGIN")
        yield Repeats(database)
