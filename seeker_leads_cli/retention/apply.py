"""One run of `apply`: counts, decides and changes, in one transaction that excludes other runs."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import sqlalchemy as sa

from seeker_leads_api.errors import FatalError
from seeker_leads_cli.retention.confirmation import refusal
from seeker_leads_cli.retention.database import limit_waits
from seeker_leads_cli.retention.evidence import find_log, make_log, no_evidence
from seeker_leads_cli.retention.findings import Findings, cutoff_of, look
from seeker_leads_cli.retention.statements import Statements
from seeker_leads_cli.retention.verification import ASKED, Verified, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_cli.retention.leads import Leads
    from seeker_leads_cli.retention.settings import ApplyOptions
    from seeker_leads_cli.retention.verification import LeadLookup

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('seeker-leads retention ' || :schema, 0))")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run changed, or what a dry run would change, in rows."""

    run_id: str
    at: datetime
    is_dry_run: bool
    findings: Findings  #: before the changes
    deleted_past_ttl: int
    deleted_gone: int
    deleted_again: int
    newly_erased: int  #: in leads
    erased: int  #: scrubbed, or deleted if `erased` says so
    verified: Verified | None


def _now() -> datetime:
    return datetime.now(timezone.utc)


def now_of(connection: sa.Connection, clock: Callable[[], datetime] = _now) -> datetime:
    """Return the earlier time of this machine's clock and the server's, so that nothing is deleted too early."""
    server_time: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return min(server_time.astimezone(timezone.utc), clock())


def apply(connection: sa.Connection, leads: Leads, options: ApplyOptions, lookup: LeadLookup | None) -> Applied:
    """Delete and erase what the rows, the evidence and, with `lookup`, the API require.

    Raises:
        FatalError: too many rows would change, or the API's answers prove nothing; nothing was changed.
    """
    limit_waits(connection)
    now = now_of(connection)
    cutoff = cutoff_of(connection, leads)
    verified = verify(connection, leads, lookup, now=now, cutoff=cutoff) if lookup and cutoff else None
    connection.rollback()
    with connection.begin() as transaction:
        limit_waits(connection)
        if not options.is_dry_run:
            connection.execute(_LOCK, {"schema": leads.schema})
            make_log(connection, leads.schema)
        log = find_log(connection, leads.schema)
        evidence = no_evidence(leads.schema) if log is None else log
        asked = ASKED if verified else None
        findings = look(connection, leads, evidence, now=now, cutoff=cutoff, asked=asked)
        gone = verified.gone if verified else 0
        if not options.is_confirmed and (reason := refusal(findings, gone=gone)):
            raise FatalError(reason)
        expected = Applied(
            run_id=uuid.uuid4().hex,
            at=now,
            is_dry_run=options.is_dry_run,
            findings=findings,
            deleted_past_ttl=findings.past_ttl,
            deleted_gone=gone,
            deleted_again=findings.deleted_before,
            newly_erased=findings.newly_erased,
            erased=findings.to_erase,
            verified=verified,
        )
        if log is None or options.is_dry_run:
            transaction.rollback()
            return expected
        statements = Statements(leads, log, now, expected.run_id)
        return replace(
            expected,
            deleted_past_ttl=connection.execute(statements.delete_expired()).scalar_one(),
            deleted_gone=connection.execute(statements.delete_gone(ASKED, cutoff)).scalar_one()
            if verified and cutoff
            else 0,
            deleted_again=connection.execute(statements.delete_gone_again()).rowcount,
            newly_erased=connection.execute(statements.note_erased(asked, cutoff)).scalar_one(),
            erased=sum(connection.execute(each).rowcount for each in statements.erase()),
        )
