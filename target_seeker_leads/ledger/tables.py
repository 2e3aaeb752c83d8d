"""The ledger's tables. Users may query them, too.

Their form is a promise: it changes only with the number in `seeker_leads_ledger_version` (one row: `version`).

`seeker_leads_ledger` holds one row for each record that was ever claimed, and no personal data, only hashes:

    key             text, primary key   SHA-256 (hex) of what identifies the record
    stream          text                the Singer stream of the record
    content         text                SHA-256 (hex) of the lead that was, or would have been, sent
    status          text                sending | delivered | rejected | unknown | failed | refused
    run_id          text                the run that wrote the row last; empty: it gave the record up
    request_id      text, may be null   the API's id of the request, if it gave one
    resends         integer             POSTs made while the outcome of an earlier one was unknown, in all runs
    updated_at      timestamp           UTC (PostgreSQL: with its time zone); of a delivered lead: when it was delivered
    destination     text, may be null   SHA-256 (hex) of the account that the lead went to; null: not known
    fingerprint     text, may be null   SHA-256 (hex) of destination, person, listing and message; null: not known
    first_tried_at  timestamp, or null  when the lead was first sent with this content; null: never, or not known

Format 1 lacks the last three columns, their index, and the statuses `failed` and `refused`. It is migrated when it is
opened to be written; see `migrations.py`.

    SELECT stream, status, count(*) FROM seeker_leads_ledger GROUP BY stream, status
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    DateTime,
    Index,
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
from target_seeker_leads.ledger.migrations import LATEST_FORMAT, migrate
from target_seeker_leads.ledger.rules import MAY_EXIST, Row, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

#: Any number that nothing else uses in the same database.
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
    Column("destination", String(64)),
    Column("fingerprint", String(64)),
    Column("first_tried_at", DateTime(timezone=True)),
    Index("seeker_leads_ledger_fingerprint", "fingerprint"),
)
#: The format that added a column.
_ADDED_IN_FORMAT = {"destination": 2, "fingerprint": 2, "first_tried_at": 2}
VERSION = Table(
    "seeker_leads_ledger_version", _METADATA, Column("version", Integer, primary_key=True, autoincrement=False)
)


def prepare(connection: Connection, shown_location: str) -> bool:
    """Create or migrate the tables; return whether the ledger is new.

    Call it in a transaction, so that one of two processes finds the tables of the other.

    Raises:
        SettingsError: the ledger was written by a newer version of this target.
    """
    if connection.dialect.name == "postgresql":
        # CREATE TABLE IF NOT EXISTS does not protect: two at once violate unique keys of the catalog.
        connection.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK_ID)))
    VERSION.create(connection, checkfirst=True)
    version = _version(connection, shown_location)
    if version is None:
        LEDGER.create(connection, checkfirst=True)
        connection.execute(VERSION.insert().values(version=LATEST_FORMAT))
    elif version < LATEST_FORMAT:
        migrate(connection, name_in_sql(connection), version)
        connection.execute(update(VERSION).values(version=LATEST_FORMAT))
    return version is None


def found_format(connection: Connection, shown_location: str) -> int | None:
    """Return the format of the ledger, or None if there is none; write nothing.

    Raises:
        SettingsError: the ledger was written by a newer version of this target.
    """
    if not inspect(connection).has_table(VERSION.name, schema=_schema(connection)):
        return None
    return _version(connection, shown_location)


def load(
    connection: Connection, keys: Sequence[str], *, for_update: bool, version: int = LATEST_FORMAT
) -> dict[str, Row | None]:
    """Return the row of each key; `for_update` locks existing rows against other writers."""
    query = select(*columns_of(version)).where(LEDGER.c.key.in_(keys))
    if for_update:
        # All processes lock in the same order, so that there is no deadlock. (SQLite has already locked everything.)
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
            found.get("fingerprint"),
            as_utc(found.get("first_tried_at")),
        )
    return rows


def first_sent(connection: Connection, fingerprints: Iterable[str]) -> dict[str, datetime]:
    """Return when a lead of each fingerprint was first sent from here, if it was or may have been created."""
    may_be_there = [status.value for status in (Status.DELIVERED, *MAY_EXIST)]
    sent_at = func.min(func.coalesce(LEDGER.c.first_tried_at, LEDGER.c.updated_at), type_=LEDGER.c.updated_at.type)
    query = (
        select(LEDGER.c.fingerprint, sent_at)
        .where(LEDGER.c.fingerprint.in_(fingerprints), LEDGER.c.status.in_(may_be_there))
        .group_by(LEDGER.c.fingerprint)
    )
    return {fingerprint: at for fingerprint, found in connection.execute(query) if (at := as_utc(found))}


def last_accepted(connection: Connection, destination: str, now: datetime) -> datetime | None:
    """Return when the latest lead for a destination was delivered; None if none is known.

    Instants after `now` do not count: a clock that was ahead wrote them, so it is not known what they follow.
    """
    query = select(func.max(LEDGER.c.updated_at)).where(
        LEDGER.c.status == Status.DELIVERED.value,
        LEDGER.c.destination == (destination or None),
        LEDGER.c.updated_at <= now,
    )
    return as_utc(connection.execute(query).scalar_one())


def write(
    connection: Connection,
    before: Mapping[str, Row | None],
    after: Mapping[str, Row | None],
    at: datetime,
    destinations: Mapping[str, str],
) -> bool:
    """Write the changed rows; `destinations` has the destination of each key.

    False: another process inserted a key first; roll back, load and decide again.
    """
    new, changed, gone = [], [], []
    for key in sorted(after):
        old, row = before[key], after[key]
        if row == old:
            continue
        if row is None:
            gone.append({"of_key": key})
        elif old is None:
            new.append({"key": key, **_columns(row, at, destinations[key])})
        else:
            changed.append({"of_key": key, **_columns(row, at, destinations[key])})
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


def _version(connection: Connection, shown_location: str) -> int | None:
    version: int | None = connection.execute(select(func.max(VERSION.c.version))).scalar_one()
    if version is not None and version > LATEST_FORMAT:
        msg = (
            f"The ledger {shown_location} was written by a newer version of this target (its format is {version}, "
            f"this version knows {LATEST_FORMAT}): upgrade singer-seeker-leads, or give `ledger_url` another ledger"
        )
        raise SettingsError(msg)
    return version


def _schema(connection: Connection) -> str | None:
    schemas: Mapping[None, str] = connection.get_execution_options().get("schema_translate_map", {})
    return schemas.get(None)


def name_in_sql(connection: Connection) -> str:
    """Return the ledger's table as SQL writes it."""
    schema = _schema(connection)
    prefix = f"{connection.dialect.identifier_preparer.quote(schema)}." if schema else ""
    return f"{prefix}{LEDGER.name}"


def as_utc(found: datetime | None) -> datetime | None:
    """Return an instant of the ledger in UTC. SQLite does not store the offset: all its values are UTC."""
    if found is None:
        return None
    return found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found.astimezone(timezone.utc)


def columns_of(version: int) -> list[Column[Any]]:
    """Return the columns that a ledger of this format has."""
    return [column for column in LEDGER.c if version >= _ADDED_IN_FORMAT.get(column.name, 1)]


def _columns(row: Row, at: datetime, destination: str) -> dict[str, Any]:
    known = {field.name: getattr(row, field.name) for field in fields(row)}
    return {**known, "status": row.status.value, "updated_at": at, "destination": destination or None}
