"""Which rows come twice: a temporary SQLite file of their identities, so that memory does not grow with the input."""

from __future__ import annotations

import contextlib
import enum
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of SQLite's own memory. What does not fit in is in the file.
_CACHE_KIB = 32 * 1024


class Fate(enum.Enum):
    """What would become of a row."""

    SENDABLE = "sendable"
    REJECTED = "rejected"
    DOUBLED = "doubled"  #: the same lead as a row before it


class Repeats:
    """Knows the identities of all rows so far; they are hashes, and nobody's data."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, is_sendable INTEGER NOT NULL) WITHOUT ROWID")

    def fate(self, key: str, *, is_sendable: bool) -> Fate:
        """Note a row; return what becomes of it, by the rules of a run.

        A row that was rejected before is tried again once it can be sent; any other row that comes again is doubled.
        """
        row = (bytes.fromhex(key), is_sendable)
        if not self._database.execute("INSERT INTO seen VALUES (?, ?) ON CONFLICT DO NOTHING", row).rowcount:
            update = "UPDATE seen SET is_sendable = 1 WHERE key = ? AND NOT is_sendable AND ?"
            if not self._database.execute(update, row).rowcount:
                return Fate.DOUBLED
        return Fate.SENDABLE if is_sendable else Fate.REJECTED


@contextlib.contextmanager
def repeats() -> Iterator[Repeats]:
    """Open a file for the identities, which the end removes."""
    with tempfile.TemporaryDirectory(prefix="seeker-leads-") as folder:
        database = sqlite3.connect(Path(folder) / "seen.db", isolation_level=None)
        with contextlib.closing(database):
            # It need not outlive anything: one transaction, and nothing for a crash.
            for statement in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KIB}"):
                database.execute(f"PRAGMA {statement}")
            database.execute("BEGIN")
            yield Repeats(database)
