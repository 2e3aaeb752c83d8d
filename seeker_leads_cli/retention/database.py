"""Connects to the database that the loader fills, and finds the table. No message contains SQL, data or a password."""

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

#: Values of `pg_class.relkind`: the kinds that can be changed, and the names of the others.
_TABLE_KINDS = frozenset({"r", "p"})
_OTHER_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
_CURES = {
    "InsufficientPrivilege": "give its user the right to change its rows and to create a table in its schema",
    "ReadOnlySqlTransaction": "connect to the primary server",
    "DiskFull": "free space on its disk",
    "DeadlockDetected": "wait until no other program changes the table",
    "LockNotAvailable": "wait for the session that holds the lock, or end it (`pg_stat_activity` shows it)",
}
#: A frozen program must not keep this one waiting forever, and this one, if it is frozen, no loader.
_TIMEOUTS_MS = {"lock_timeout": 300_000, "idle_in_transaction_session_timeout": 60_000}
#: Only for the transaction: a pooler may give the session to another program afterwards.
_LIMIT = sa.text("SELECT set_config(:name, :value, true)")
_UNKNOWN_PART = (
    "`database_url`: PostgreSQL's driver does not know one of its parts, often a parameter after the ?: remove it"
)
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
    """Open a connection. An error of the connection or of a statement becomes one line.

    Raises:
        SettingsError: the driver is missing, or a part of the URL is unknown.
        FatalError: the database refused a statement; the open transaction changed nothing.
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
            # No statement was sent yet, so the text contains neither SQL nor data, only the host, the user …
            msg = f"{location.shown} could not be reached ({kind}: {words})"
            raise FatalError(msg) from None
        if error.connection_invalidated:
            # The answer to COMMIT may be what was lost.
            msg = (
                f"The connection to {location.shown} was lost ({kind}): the run made all of its changes or none;"
                " check the server, then run again"
            )
            raise FatalError(msg) from None
        cure = _CURES.get(kind, "check that it exists and can be changed")
        msg = f"{location.shown} refused ({kind}), and nothing was changed: {cure}, then run again"
        raise FatalError(msg) from None


def limit_waits(connection: sa.Connection) -> None:
    """Limit in this transaction how long it waits for a lock, and how long others may wait for an idle one of it."""
    for name, value in _TIMEOUTS_MS.items():
        connection.execute(_LIMIT, {"name": name, "value": str(value)})


def find_table(connection: sa.Connection, written: str) -> tuple[str, str, list[Column]]:
    """Return schema, name and columns of a table, written as `schema.table` or `"schema"."table"`.

    Raises:
        SettingsError: the table does not exist, or it is a view or the like.
    """
    names = split_name(written)
    quoted = ".".join('"{}"'.format(name.replace('"', '""')) for name in names)
    row = connection.execute(_TABLE, {"name": quoted}).one_or_none()
    if row is None:
        msg = f"`table`: {written} does not exist: include its schema, and check upper case"
        raise SettingsError(msg)
    oid, schema, kind = row
    if kind not in _TABLE_KINDS:
        msg = f"`table`: {written} is {_OTHER_KINDS.get(kind, 'not a table')}: name the table that the loader fills"
        raise SettingsError(msg)
    columns = connection.execute(_COLUMNS, {"oid": oid})
    return schema, names[-1], [Column(name, type_, may_be_null) for name, type_, may_be_null in columns]


def split_name(written: str) -> list[str]:
    """Return the parts of a name: the table alone, or schema and table. A part in double quotes may contain a dot.

    Raises:
        SettingsError: the name does not have this form.
    """
    match = _NAME.fullmatch(written.strip())
    if match is None or "\0" in written or not _is_utf8(written):
        msg = '`table`: write schema.table, with double quotes around a name that contains a dot or a quote: "na.me"'
        raise SettingsError(msg)
    pairs = zip(match.groups()[::2], match.groups()[1::2], strict=True)
    return [plain or quoted.replace('""', '"') for quoted, plain in pairs if plain or quoted]


def _is_utf8(text: str) -> bool:
    """Return whether text can be sent; an argument that is not valid UTF-8 cannot."""
    return text == text.encode("utf-8", "ignore").decode()
