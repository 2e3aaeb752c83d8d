"""The report for a data protection officer: how old the rows are, what was erased, and how soon; no personal data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from seeker_leads_cli import screen
from seeker_leads_cli.retention.apply import now_of
from seeker_leads_cli.retention.database import limit_waits
from seeker_leads_cli.retention.evidence import Reason, find_log, no_evidence
from seeker_leads_cli.retention.findings import Findings, cutoff_of, look

if TYPE_CHECKING:
    from datetime import datetime

    from seeker_leads_cli.retention.leads import Leads


@dataclass(frozen=True, slots=True)
class EvidenceSummary:
    """A summary of the evidence of one reason. Delays are from when a change became due to when it was applied."""

    leads: int = 0
    first_applied_at: datetime | None = None
    last_applied_at: datetime | None = None
    median_delay_seconds: int | None = None
    longest_delay_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The table and its evidence at one instant."""

    table: str
    at: datetime
    refresh_days: int
    findings: Findings
    evidence: dict[Reason, EvidenceSummary]

    def as_json(self) -> dict[str, Any]:
        """Return the report as `--json` prints it; the format is a promise."""
        found = self.findings
        return {
            "table": self.table,
            "at": instant(self.at),
            "rows": found.rows,
            "rows_without_ttl": found.without_ttl,
            "rows_past_ttl": found.past_ttl,
            "rows_erased": found.erased,
            "rows_to_erase": found.to_erase,
            "rows_deleted_before": found.deleted_before,
            "refresh_days": self.refresh_days,
            "oldest_reading_at": instant(found.oldest_reading),
            "newest_reading_at": instant(found.newest_reading),
            "rows_not_read_in_two_cycles": found.overdue,
            "rows_of_unknown_reading": found.of_unknown_age,
            "evidence": {reason.value: _summary_as_json(summary) for reason, summary in self.evidence.items()},
        }


def make_report(connection: sa.Connection, leads: Leads) -> Report:
    """Read all figures as of one instant; nothing is changed."""
    connection.rollback()
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    limit_waits(connection)
    now, log = now_of(connection), find_log(connection, leads.schema)
    evidence = no_evidence(leads.schema) if log is None else log
    cutoff = cutoff_of(connection, leads)
    findings = look(connection, leads, evidence, now=now, cutoff=cutoff)
    return Report(leads.shown, now, leads.refresh_days, findings, _evidence(connection, evidence))


def _evidence(connection: sa.Connection, log: sa.FromClause) -> dict[Reason, EvidenceSummary]:
    delay_seconds = sa.func.extract("epoch", log.c.applied_at - log.c.first_seen_at)
    query = sa.select(
        log.c.reason,
        sa.func.count(),
        sa.func.min(log.c.applied_at),
        sa.func.max(log.c.applied_at),
        sa.cast(sa.func.percentile_disc(0.5).within_group(delay_seconds), sa.BigInteger),
        sa.cast(sa.func.max(delay_seconds), sa.BigInteger),
    ).group_by(log.c.reason)
    found = {reason: EvidenceSummary(*figures) for reason, *figures in connection.execute(query)}
    return {reason: found.get(reason.value, EvidenceSummary()) for reason in Reason}


def instant(value: datetime | None) -> str | None:
    """Return an instant as RFC 3339 in UTC, or None."""
    return None if value is None else screen.instant(value)


def _summary_as_json(summary: EvidenceSummary) -> dict[str, Any]:
    return {
        "leads": summary.leads,
        "first_applied_at": instant(summary.first_applied_at),
        "last_applied_at": instant(summary.last_applied_at),
        "median_delay_seconds": summary.median_delay_seconds,
        "longest_delay_seconds": summary.longest_delay_seconds,
    }
