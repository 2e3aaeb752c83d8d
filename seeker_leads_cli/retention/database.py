"""The database that the loader fills: reaching it, and finding the table. No message holds SQL, data or a password."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_api.postgres.connection import connect
from seeker_leads_api.postgres.location import cause_of
from seeker_leads_cli.retention.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seeker_leads_api.postgres.location import PostgresLocation

#: Of `pg_class.relkind`: what can be changed, and what the others are called.
_TABLE_KINDS = frozenset({"r", "p"})
_OTHER_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
_CURES = {
    "InsufficientPrivilege": "give its user the right to read, update and delete rows, and to create a table beside",
    "ReadOnlySqlTransaction": "connect to the primary server",
    "DiskFull": "make room on its disk",
    "DeadlockDetected": "run it again, when no other program changes the table",
}
_UNKNOWN_PART = "`database_url`: a part of it, mostly one after the ?, is unknown to PostgreSQL's driver: take it out"
_PART = r'(?:"((?:[^"]|"")+)"|([^".]+))'
_NAME = re.compile(rf"(?:{_PART}\.)?{_PART}")
_TABLE = sa.text(
    """SELECT c.oid, n.nspname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.oid = to_regclass(:name)"""
)
_COLUMNS = sa.text(
    """SELECT a.attname, format_type(a.atttypid, NULL), NOT a.attnotnull FROM pg_attribute a
       WHERE a.attrelid = :oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"""
)


@contextmanager
def connected(location: PostgresLocation) -> Iterator[sa.Connection]:
    """Open a connection; what is wrong with it or with a statement becomes one line.

    Raises:
        SettingsError: the driver is missing, or a part of the URL is unknown.
        FatalError: the database refuses what it is asked, and has changed nothing of the transaction that was open.
    """
    is_open = False
    try:
        with connect(location, application_name="seeker-leads") as connection:
            is_open = True
            yield connection
    except DBAPIError as error:
        kind, words = cause_of(error)
        if not is_open and isinstance(error, ProgrammingError):
            raise SettingsError(_UNKNOWN_PART) from None  # its words quote what may be a part of the password
        if not is_open:
            # Nothing was asked of it yet, so the words hold neither SQL nor data; they name the host, the user …
            msg = f"{location.shown} could not be reached ({kind}: {words})"
            raise FatalError(msg) from None
        if error.connection_invalidated:
            # The answer to COMMIT may be what was lost.
            msg = (
                f"{location.shown} was lost ({kind}): this run has changed everything or nothing; see that the server"
                " is there, then run again"
            )
            raise FatalError(msg) from None
        cure = _CURES.get(kind, "see that it is there and can be changed")
        msg = f"{location.shown} refused ({kind}), and nothing was changed: {cure}, then run again"
        raise FatalError(msg) from None


def find_table(connection: sa.Connection, written: str) -> tuple[str, str, list[Column]]:
    """Return schema, name and columns of a table, written as `schema.table` or `"schema"."table"`.

    Raises:
        SettingsError: there is none of that name, or it is a view and the like.
    """
    names = split_name(written)
    quoted = ".".join('"{}"'.format(name.replace('"', '""')) for name in names)
    row = connection.execute(_TABLE, {"name": quoted}).one_or_none()
    if row is None:
        msg = f"`table`: {written} does not exist: write its schema too, and check upper case"
        raise SettingsError(msg)
    oid, schema, kind = row
    if kind not in _TABLE_KINDS:
        msg = f"`table`: {written} is {_OTHER_KINDS.get(kind, 'not a table')}: name the table that the loader fills"
        raise SettingsError(msg)
    columns = connection.execute(_COLUMNS, {"oid": oid})
    return schema, names[-1], [Column(name, type_, may_be_null) for name, type_, may_be_null in columns]


def split_name(written: str) -> list[str]:
    """Return the parts of a name: the table alone, or schema and table. A part in double quotes may hold a point.

    Raises:
        SettingsError: it does not have that form.
    """
    match = _NAME.fullmatch(written.strip())
    if match is None or "\0" in written or not _is_utf8(written):
        msg = '`table`: write schema.table, with a name that holds a point or a quotation mark as "na.me"'
        raise SettingsError(msg)
    pairs = zip(match.groups()[::2], match.groups()[1::2], strict=True)
    return [plain or quoted.replace('""', '"') for quoted, plain in pairs if plain or quoted]


def _is_utf8(text: str) -> bool:
    """Return whether text can be sent; an argument that is not valid UTF-8 cannot."""
    return text == text.encode("utf-8", "ignore").decode()
