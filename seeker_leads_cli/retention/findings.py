"""Counts in one query what is to be done in a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from seeker_leads_cli.retention.evidence import Reason
from seeker_leads_cli.retention.settings import Erased

if TYPE_CHECKING:
    from seeker_leads_cli.retention.leads import Leads

#: After this many cycles, even a refresh that is one cycle late has read every lead again.
MAX_CYCLES = 2


@dataclass(frozen=True, slots=True)
class Findings:
    """The counts of a table at one instant. Rows past their `ttl` are counted only in `rows` and `past_ttl`."""

    rows: int
    past_ttl: int
    without_ttl: int
    erased: int  #: rows whose own column says that the lead is erased
    newly_erased: int  #: rows that are not in the evidence yet, and of which they or the API say that they are erased
    to_erase: int  #: rows to scrub or delete because they, or the evidence, say that the lead is erased
    deleted_before: int  #: rows that were deleted earlier, and came back from a backup
    overdue: int  #: rows that the last two cycles of the refresh did not read
    of_unknown_age: int  #: rows without the time at which the tap read them
    oldest_reading: datetime | None  #: every row was read at or after this
    newest_reading: datetime | None


def cutoff_of(connection: sa.Connection, leads: Leads) -> datetime | None:
    """Return the instant before which a row must have been read to be overdue; None if it cannot be known."""
    if leads.columns.extracted_at is None or not leads.refresh_days:
        return None
    newest = connection.execute(sa.select(sa.func.max(leads.extracted_at))).scalar()
    return None if newest is None else newest - timedelta(days=MAX_CYCLES * leads.refresh_days)


def is_overdue(leads: Leads, cutoff: datetime | None) -> sa.ColumnElement[bool]:
    """Return whether the last two cycles did not read a row."""
    return sa.false() if cutoff is None else sa.and_(leads.extracted_at < cutoff, sa.true())


def look(  # noqa: PLR0913  # most of them by name
    connection: sa.Connection,
    leads: Leads,
    log: sa.FromClause,
    *,
    now: datetime,
    cutoff: datetime | None,
    asked: sa.FromClause | None = None,
) -> Findings:
    """Count what is to be done; `asked` has what the API said about leads."""
    is_erased = sa.or_(leads.is_erased, leads.is_erased_by(asked, cutoff))
    is_alive = sa.or_(leads.ttl.is_(None), leads.ttl > now)
    has_work = sa.true() if leads.erased is Erased.DELETE else leads.holds_personal_data
    is_past_erasure = leads.is_older_than(log, Reason.ERASED)
    conditions = {
        "past_ttl": leads.ttl <= now,
        "without_ttl": leads.ttl.is_(None),
        "erased": sa.and_(is_alive, leads.is_erased),
        "newly_erased": sa.and_(is_alive, is_erased, log.c.lead_id.is_(None)),
        "to_erase": sa.and_(is_alive, sa.or_(is_erased, is_past_erasure), has_work),
        "deleted_before": sa.and_(is_alive, leads.is_older_than(log, Reason.GONE)),
        "overdue": sa.and_(is_alive, is_overdue(leads, cutoff)),
        "of_unknown_age": sa.and_(is_alive, leads.extracted_at.is_(None)),
    }
    counts = [sa.func.count().filter(condition).label(name) for name, condition in conditions.items()]
    readings = sa.func.min(leads.extracted_at).filter(is_alive), sa.func.max(leads.extracted_at)
    query = sa.select(
        sa.func.count().label("rows"),
        *counts,
        *(reading.label(name) for reading, name in zip(readings, ("oldest_reading", "newest_reading"), strict=True)),
    ).select_from(sa.outerjoin(leads.source, log, leads.has_key_of(log)))
    return Findings(**connection.execute(query).one()._mapping)  # noqa: SLF001  # SQLAlchemy's documented name
