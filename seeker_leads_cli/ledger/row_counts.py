"""Counts the rows of a ledger by stream, status and month, and measures its size, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select, text

from seeker_leads_cli.ledger.sessions import database_errors
from target_seeker_leads.ledger.tables import LEDGER, as_utc, name_in_sql

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from target_seeker_leads.ledger.database import Session


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one stream and status that were last written in one month (UTC)."""

    stream: str
    status: str
    month: str  #: such as 2026-11
    rows: int
    resent: int  #: rows that were sent while the outcome of an earlier request was unknown
    latest: datetime


@dataclass(frozen=True, slots=True)
class Statistics:
    """The counts and the size of a ledger."""

    version: int
    size_bytes: int
    groups: tuple[Group, ...]

    @property
    def rows(self) -> int:
        """The number of all rows."""
        return sum(group.rows for group in self.groups)


def statistics_of(session: Session) -> Statistics:
    """Count a ledger's rows.

    Raises:
        FatalError: the ledger cannot be read.
    """
    with database_errors(session, "read"), session.connection.begin():
        groups = tuple(_groups(session.connection))
        path = session.location.path
        size_bytes = _postgres_bytes(session.connection) if path is None else _file_bytes(path)
    return Statistics(session.version, size_bytes, groups)


def _groups(connection: Connection) -> list[Group]:
    at = LEDGER.c.updated_at
    is_sqlite = connection.dialect.name == "sqlite"
    month = func.strftime("%Y-%m", at) if is_sqlite else func.to_char(func.timezone("UTC", at), "YYYY-MM")
    names = (LEDGER.c.stream, LEDGER.c.status, month.label("month"))
    resent = func.sum(case((LEDGER.c.resends > 0, 1), else_=0))
    # Grouped by the label: each copy of the expression would have its own parameters and be different to PostgreSQL.
    query = select(*names, func.count(), resent, func.max(at)).group_by(LEDGER.c.stream, LEDGER.c.status, text("month"))
    found = connection.execute(query).all()
    return sorted(
        (Group(row[0], row[1], row[2], row[3], int(row[4]), latest) for row in found if (latest := as_utc(row[5]))),
        key=lambda group: (group.stream, group.status, group.month),
    )


def _file_bytes(path: Path) -> int:
    parts = (path, path.with_name(f"{path.name}-wal"))
    return sum(part.stat().st_size for part in parts if part.exists())


def _postgres_bytes(connection: Connection) -> int:
    query = text("SELECT pg_total_relation_size(to_regclass(:table))")
    return int(connection.execute(query, {"table": name_in_sql(connection)}).scalar_one())
