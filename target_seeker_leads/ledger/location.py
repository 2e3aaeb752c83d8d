"""Parses `ledger_url`, and explains failures of its database to users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_api.postgres.location import DRIVERS, PostgresLocation, cause_of

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.exc import DBAPIError

_SQLITE = frozenset({"sqlite", "sqlite+pysqlite"})
#: What users can do, by a word of SQLite's message or the name of psycopg's error.
_CURES = {
    "locked": "another process has locked it: end that process",
    "LockNotAvailable": "another session keeps it locked: end that session",
    "disk is full": "free space on its disk",
    "DiskFull": "free space on its disk",
    "not a database": "it is another kind of file: set `ledger_url` to another file",
    "readonly": "make the file and its folder writable",
    "ReadOnlySqlTransaction": "connect to the primary server",
    "InsufficientPrivilege": "give its user the right to create and change the ledger's tables",
}
_OTHER_CURE = "check that it exists and can be written"


@dataclass(frozen=True, slots=True)
class Location:
    """The location of a ledger; exactly one of `path` and `postgres` is given."""

    path: Path | None = None  #: an SQLite file, symbolic links resolved, so that all runs use one name
    postgres: PostgresLocation | None = None

    @classmethod
    def parse(cls, ledger_url: str) -> Location:
        """Parse the setting.

        Raises:
            SettingsError: it is not a URL, or not of a supported database.
        """
        try:
            url = make_url(ledger_url)
        except (ArgumentError, ValueError):
            # The URL itself is not shown: any part of it may be the password.
            msg = "`ledger_url` is not a database URL: write sqlite:///path or postgresql://user:password@host/database"
            raise SettingsError(msg) from None
        if url.drivername in _SQLITE:
            return cls(path=_sqlite_path(url))
        if url.drivername in DRIVERS:
            return cls(postgres=PostgresLocation.of("ledger_url", url, ledger_url))
        msg = f"`ledger_url`: {url.drivername} cannot hold a ledger: use sqlite:///path or postgresql://..."
        raise SettingsError(msg)

    @property
    def shown(self) -> str:
        """The location for messages, without a password."""
        return str(self.path) if self.postgres is None else self.postgres.shown

    def error(self, error: DBAPIError | OSError, *, was_open: bool = True) -> FatalError:
        """Return the error for users, without SQL and its parameters."""
        kind, words, cure = _kind_words_and_cure(error)
        if not was_open:
            # No query was sent yet, so the text contains neither SQL nor data; it names the host, the user ...
            return FatalError(f"The ledger {self.shown} could not be opened ({kind}: {words}): {cure}")
        # The end of the run tries again to write the outcome of leads under way, and reports what was lost.
        return FatalError(
            f"The ledger {self.shown} could not be written ({kind}): nothing more is sent; {cure}, then run again"
        )

    def failure(self, error: DBAPIError | OSError, undone: str) -> FatalError:
        """Return the error for a command that manages the ledger; `undone` is what could not be done with it."""
        kind, _, cure = _kind_words_and_cure(error)
        return FatalError(f"The ledger {self.shown} could not be {undone} ({kind}): {cure}, then run this again")


def _kind_words_and_cure(error: DBAPIError | OSError) -> tuple[str, str, str]:
    kind, words = cause_of(error)
    return kind, words, next((cure for word, cure in _CURES.items() if word in f"{kind} {words}"), _OTHER_CURE)


def _sqlite_path(url: URL) -> Path:
    path = url.database
    if not path or path == ":memory:" or path.startswith("file:") or url.query or url.host:
        msg = "`ledger_url`: a ledger in SQLite is a file that outlives the run: write sqlite:///path, and nothing else"
        raise SettingsError(msg)
    try:
        return Path(path).expanduser().resolve()
    except RuntimeError:  # before Python 3.13 a loop of symbolic links, too
        msg = "`ledger_url`: its path cannot be resolved: write the full path, without ~ or a loop of links"
        raise SettingsError(msg) from None
