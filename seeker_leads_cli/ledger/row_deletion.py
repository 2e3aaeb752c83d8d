"""Deletes old rows of the ledger in batches, so that running targets do not wait for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, delete, func, select

from seeker_leads_cli.ledger.sessions import database_errors
from target_seeker_leads.ledger.rules import Status
from target_seeker_leads.ledger.tables import LEDGER

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from target_seeker_leads.ledger.database import Session

_BATCH_ROWS = 2000


def count_delivered(session: Session, before: datetime, since: datetime | None = None) -> dict[str, int]:
    """Return for each stream how many leads were delivered before an instant, and at or after `since` if it is given.

    Raises:
        FatalError: the ledger cannot be read.
    """
    wanted = _delivered(before)
    if since is not None:
        wanted = and_(wanted, LEDGER.c.updated_at >= since)
    query = select(LEDGER.c.stream, func.count()).where(wanted).group_by(LEDGER.c.stream).order_by(LEDGER.c.stream)
    with database_errors(session, "read"), session.connection.begin():
        return {row[0]: row[1] for row in session.connection.execute(query)}


def delete_delivered(session: Session, before: datetime) -> int:
    """Delete the rows of leads that were delivered before an instant, and return their number.

    Rows with any other status stay, regardless of their age: a later run needs them.

    Raises:
        FatalError: the ledger cannot be written. Rows that were already deleted stay deleted.
    """
    # Locked in the order of their keys, so that a run that locks the same rows cannot cause a deadlock.
    batch = select(LEDGER.c.key).where(_delivered(before)).order_by(LEDGER.c.key).limit(_BATCH_ROWS).with_for_update()
    deleted = 0
    while True:
        with database_errors(session, "purged"), session.connection.begin():
            keys = session.connection.execute(batch).scalars().all()
            session.connection.execute(delete(LEDGER).where(LEDGER.c.key.in_(keys), _delivered(before)))
        deleted += len(keys)
        if len(keys) < _BATCH_ROWS:
            return deleted


def _delivered(before: datetime) -> ColumnElement[bool]:
    return and_(LEDGER.c.status == Status.DELIVERED.value, LEDGER.c.updated_at < before)
