"""The ledger's tables: what was sent, for users to query, too.

The form is a promise; it changes only with the number in `seeker_leads_ledger_version` (one row: `version`).

`seeker_leads_ledger` holds one row for each record that was ever claimed, and no personal data, only hashes:

    key         text, primary key   SHA-256 (hex) of what identifies the record
    stream      text                the Singer stream that it came with
    content     text                SHA-256 (hex) of the lead that was, or would have been, sent
    status      text                sending | delivered | rejected | unknown
    run_id      text                the run that wrote the row last; empty: it gave the record up
    request_id  text, may be null   the API's own name for the request, where it gave one
    resends     integer             POSTs made while the outcome of an earlier one was unknown
    updated_at  timestamp           UTC (PostgreSQL: with its time zone)

    SELECT stream, status, count(*) FROM seeker_leads_ledger GROUP BY stream, status
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    DateTime,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.ledger.rules import Row, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

_FORMAT_VERSION = 1
#: Any number will do that nobody else takes in the same database.
_CREATION_LOCK_ID = 0x5EE4_E41E_AD5

_METADATA = MetaData()
LEDGER = Table(
    "seeker_leads_ledger",
    _METADATA,
    Column("key", String(64), primary_key=True),
    Column("stream", Text, nullable=False),
    Column("content", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("run_id", String(16), nullable=False),
    Column("request_id", Text),
    Column("resends", Integer, nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)
VERSION = Table(
    "seeker_leads_ledger_version", _METADATA, Column("version", Integer, primary_key=True, autoincrement=False)
)


def prepare(connection: Connection, shown_location: str) -> bool:
    """Create what is not there; return True. Within a transaction, so that of two processes one finds the other's work.

    Raises:
        SettingsError: the ledger was written by a newer version of this target.
    """
    if connection.dialect.name == "postgresql":
        # CREATE TABLE IF NOT EXISTS is no protection: two at once fail on the catalog's own keys.
        connection.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK_ID)))
    VERSION.create(connection, checkfirst=True)
    if not _has_version(connection, shown_location):
        LEDGER.create(connection, checkfirst=True)
        connection.execute(VERSION.insert().values(version=_FORMAT_VERSION))
    return True


def is_prepared(connection: Connection, shown_location: str) -> bool:
    """Say whether the tables are there, and write nothing.

    Raises:
        SettingsError: the ledger was written by a newer version of this target.
    """
    return inspect(connection).has_table(VERSION.name) and _has_version(connection, shown_location)


def load(connection: Connection, keys: Sequence[str], *, for_update: bool) -> dict[str, Row | None]:
    """Return the row of each key, and keep other writers away from those that are there."""
    query = select(LEDGER).where(LEDGER.c.key.in_(keys))
    if for_update:
        # Everybody locks in the same order, so that two never wait for each other. (SQLite has locked all already.)
        query = query.order_by(LEDGER.c.key).with_for_update()
    rows: dict[str, Row | None] = dict.fromkeys(keys)
    for found in connection.execute(query).mappings():
        rows[found["key"]] = Row(
            Status(found["status"]),
            found["stream"],
            found["content"],
            found["run_id"],
            found["request_id"],
            found["resends"],
        )
    return rows


def write(
    connection: Connection, before: Mapping[str, Row | None], after: Mapping[str, Row | None], at: datetime
) -> bool:
    """Write what differs. False: another process was first with a new key; roll back, load and decide again."""
    new, changed, gone = [], [], []
    for key in sorted(after):
        old, row = before[key], after[key]
        if row == old:
            continue
        if row is None:
            gone.append({"of_key": key})
        elif old is None:
            new.append({"key": key, **_columns(row, at)})
        else:
            changed.append({"of_key": key, **_columns(row, at)})
    if new:
        is_sqlite = connection.dialect.name == "sqlite"
        insert = sqlite.insert(LEDGER) if is_sqlite else postgresql.insert(LEDGER)
        insert = insert.on_conflict_do_nothing(index_elements=[LEDGER.c.key])
        if connection.execute(insert, new, execution_options={"preserve_rowcount": True}).rowcount < len(new):
            return False
    of_key = LEDGER.c.key == bindparam("of_key")
    if changed:
        connection.execute(update(LEDGER).where(of_key), changed)
    if gone:
        connection.execute(delete(LEDGER).where(of_key), gone)
    return True


def _has_version(connection: Connection, shown_location: str) -> bool:
    version = connection.execute(select(func.max(VERSION.c.version))).scalar_one()
    if version is not None and version > _FORMAT_VERSION:
        msg = (
            f"The ledger {shown_location} was written by a newer version of this target (its format is {version}, "
            f"this version knows {_FORMAT_VERSION}): upgrade singer-seeker-leads, or give `ledger_url` another ledger"
        )
        raise SettingsError(msg)
    return version is not None


def _columns(row: Row, at: datetime) -> dict[str, Any]:
    return {
        "stream": row.stream,
        "content": row.content,
        "status": row.status.value,
        "run_id": row.run_id,
        "request_id": row.request_id,
        "resends": row.resends,
        "updated_at": at,
    }
