"""What there is to do in a table, counted by one look, and whether so much may be done without a person's yes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from seeker_leads_cli.retention.evidence import Reason
from seeker_leads_cli.retention.settings import Erased

if TYPE_CHECKING:
    from seeker_leads_cli.retention.leads import Leads

#: A refresh that was late by one cycle has brought a lead after so many.
MAX_CYCLES = 2
#: More than these shares of a table are more likely a wrong account or table than people's wishes.
MAX_ERASED_SHARE = 0.25
MAX_GONE_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Findings:
    """A table at an instant. Rows past their `ttl` are in `rows` and `past_ttl` alone."""

    rows: int
    past_ttl: int
    without_ttl: int
    erased: int  #: rows that say so themselves
    newly_erased: int  #: those of them that the evidence does not know
    to_erase: int  #: rows whose personal data, or which themselves, are to go by what they or the evidence say
    deleted_before: int  #: rows that were deleted once, and came back from a backup
    overdue: int  #: rows that two cycles of the refresh have not brought
    of_unknown_age: int  #: rows that do not say when the tap read them
    oldest_reading: datetime | None  #: everything was read at or after this
    newest_reading: datetime | None


def cutoff_of(connection: sa.Connection, leads: Leads) -> datetime | None:
    """Return before which instant a row must have been read for two cycles to have missed it; None: not known."""
    if leads.columns.extracted_at is None or not leads.refresh_days:
        return None
    newest = connection.execute(sa.select(sa.func.max(leads.extracted_at))).scalar()
    return None if newest is None else newest - timedelta(days=MAX_CYCLES * leads.refresh_days)


def is_overdue(leads: Leads, cutoff: datetime | None) -> sa.ColumnElement[bool]:
    """Return whether two cycles have not brought a row."""
    return sa.false() if cutoff is None else sa.and_(leads.extracted_at < cutoff, sa.true())


def look(
    connection: sa.Connection, leads: Leads, log: sa.FromClause, *, now: datetime, cutoff: datetime | None
) -> Findings:
    """Count what there is to do."""
    is_alive = sa.or_(leads.ttl.is_(None), leads.ttl > now)
    has_work = sa.true() if leads.erased is Erased.DELETE else leads.holds_personal_data
    is_past_erasure = leads.is_older_than(log, Reason.ERASED)
    conditions = {
        "past_ttl": leads.ttl <= now,
        "without_ttl": leads.ttl.is_(None),
        "erased": sa.and_(is_alive, leads.is_erased),
        "newly_erased": sa.and_(is_alive, leads.is_erased, log.c.lead_id.is_(None)),
        "to_erase": sa.and_(is_alive, sa.or_(leads.is_erased, is_past_erasure), has_work),
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


def refusal(findings: Findings, *, gone: int) -> str | None:
    """Return why so much is not done without `--yes`; None: it is not too much. `gone` is what the API said."""
    shares = (
        (findings.newly_erased, MAX_ERASED_SHARE, "newly erased"),
        (gone, MAX_GONE_SHARE, "gone, says the API"),
    )
    for count, most, words in shares:
        if count > most * findings.rows:
            return (
                f"{count:,} of {findings.rows:,} rows are {words}, more than {most:.0%}: nothing was changed. See that"
                " table and account are the right ones, then give --yes"
            )
    return None
