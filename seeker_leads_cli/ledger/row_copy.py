"""Copies all rows of a ledger in one transaction: if the copy fails or is killed, the new ledger is unchanged."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_cli.ledger.sessions import database_errors, exclusive
from target_seeker_leads.ledger.tables import LEDGER, as_utc

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from target_seeker_leads.ledger.database import Session

_BATCH_ROWS = 500
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Copied:
    """The result of a copy. Both ledgers have these counts at the end."""

    copied: int
    already_there: int
    counts: dict[tuple[str, str], int]  #: by stream and status


def copy_rows(source: Session, new: Session) -> Copied:
    """Copy every row unchanged. No run may use either ledger, and none can begin during the copy.

    Rows of an earlier copy may already be there. Existing rows are never changed or merged.

    Raises:
        SettingsError: the new ledger contains other rows.
        FatalError: another run uses one of the two, a database failed, or the counts differ. Nothing was copied.
    """
    copied = already_there = 0
    with exclusive(source, "read"), exclusive(new, "written"), contextlib.closing(_batches(source)) as batches:
        is_empty = not _counts(new)
        for batch in batches:
            known = {} if is_empty else _rows_of(new, [row["key"] for row in batch])
            if any(known[row["key"]] != row for row in batch if row["key"] in known):
                raise _other_rows(source, new)
            if missing := [row for row in batch if row["key"] not in known]:
                new.connection.execute(insert(LEDGER), missing)
            copied += len(missing)
            already_there += len(known)
        counts, expected = _counts(new), _source_counts(source)
        if sum(counts.values()) > copied + already_there:
            raise _other_rows(source, new)
        if counts != expected:
            msg = (
                f"The counts differ: {sum(expected.values()):,} rows are in {source.location.shown}, and"
                f" {sum(counts.values()):,} arrived. Nothing was copied; please report it: this is a defect"
            )
            raise FatalError(msg)
    return Copied(copied, already_there, counts)


def _other_rows(source: Session, new: Session) -> SettingsError:
    return SettingsError(
        f"The ledger {new.location.shown} contains other rows than {source.location.shown}. Nothing was copied:"
        " set NEW_URL to another file, an empty database, or a schema without a ledger (?schema=…)"
    )


def _batches(source: Session) -> Generator[Sequence[Values]]:
    """Yield all rows in order, with constant memory. Close the generator before the transaction ends."""
    query = select(LEDGER).order_by(LEDGER.c.key)
    with database_errors(source, "read"):
        result = source.connection.execute(query, execution_options={"yield_per": _BATCH_ROWS})
        batches = result.mappings().partitions(_BATCH_ROWS)
    try:
        while True:
            with database_errors(source, "read"):
                batch = next(batches, None)
            if batch is None:
                return
            yield [_values(row) for row in batch]
    finally:
        result.close()


def _rows_of(new: Session, keys: Sequence[str]) -> dict[str, Values]:
    found = new.connection.execute(select(LEDGER).where(LEDGER.c.key.in_(keys))).mappings()
    return {row["key"]: _values(row) for row in found}


def _values(row: Any) -> Values:  # noqa: ANN401  # SQLAlchemy's mapping
    """Return a row with its instants in UTC: PostgreSQL returns them in the server's zone, SQLite without a zone."""
    return {name: as_utc(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _source_counts(source: Session) -> dict[tuple[str, str], int]:
    with database_errors(source, "read"):
        return _counts(source)


def _counts(session: Session) -> dict[tuple[str, str], int]:
    columns = LEDGER.c.stream, LEDGER.c.status
    query = select(*columns, func.count()).group_by(*columns).order_by(*columns)
    return {(row[0], row[1]): row[2] for row in session.connection.execute(query)}
