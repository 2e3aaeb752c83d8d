"""The changes of `apply` as SQL. The server executes them; no row is transferred to this program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from seeker_leads_cli.retention.evidence import Reason
from seeker_leads_cli.retention.settings import Erased

if TYPE_CHECKING:
    from datetime import datetime

    from seeker_leads_cli.retention.leads import Leads


@dataclass(frozen=True, slots=True)
class Statements:
    """The changes of one run at one instant. Each `select` changes rows and returns their number."""

    leads: Leads
    log: sa.Table
    now: datetime
    run_id: str

    def delete_expired(self) -> sa.Select[tuple[int]]:
        """Delete rows past their `ttl`, and record them in the evidence."""
        due_at = self.leads.ttl
        return self._delete_noted(due_at <= self.now, Reason.TTL, due_at)

    def delete_gone(self, asked: sa.FromClause, cutoff: datetime) -> sa.Select[tuple[int]]:
        """Delete rows that are gone from the API, unless the tap has read them since, and record them."""
        is_gone = sa.exists().where(self.leads.has_key_of(asked), asked.c.is_gone)
        where = sa.and_(self.leads.extracted_at < cutoff, is_gone)
        return self._delete_noted(where, Reason.GONE, sa.literal(self.now, sa.DateTime(timezone=True)))

    def _delete_noted(
        self, where: sa.ColumnElement[bool], reason: Reason, due_at: sa.ColumnElement[Any]
    ) -> sa.Select[tuple[int]]:
        deleted = sa.delete(self.leads.source).where(where).returning(*self.leads.key, due_at.label("due_at")).cte()
        lines = sa.select(deleted.c.lead_id, deleted.c.account, *self._line(reason, sa.func.min(deleted.c.due_at)))
        noted = insert(self.log).from_select(list(self.log.c.keys()), lines.group_by("lead_id", "account"))
        # A deletion replaces an erasure: the erased row no longer exists.
        changed = {name: noted.excluded[name] for name in ("reason", "first_seen_at", "applied_at", "run_id")}
        noted = noted.on_conflict_do_update(
            index_elements=["lead_id", "account"], set_=changed, where=self.log.c.reason == Reason.ERASED.value
        )
        return sa.select(sa.func.count()).select_from(deleted).add_cte(noted.returning(sa.literal(1)).cte())

    def _line(self, reason: Reason, first_seen_at: sa.ColumnElement[Any]) -> tuple[sa.ColumnElement[Any], ...]:
        now = sa.literal(self.now, sa.DateTime(timezone=True))
        # With a clock that is ahead, no change may seem to be applied before it was due.
        return sa.literal(reason.value), sa.func.least(first_seen_at, now), now, sa.literal(self.run_id)

    def delete_gone_again(self) -> sa.Delete:
        """Delete rows again that the evidence says were deleted, and that a restored backup brought back."""
        again: sa.Delete = self._older_than_evidence(sa.delete(self.leads.source), Reason.GONE)
        return again

    def note_erased(self, asked: sa.FromClause | None, cutoff: datetime | None) -> sa.Select[tuple[int]]:
        """Record erased leads; a lead that was recorded before stays as it is. Returns the number of new rows.

        With the evidence of what the API said, `erase` removes the data of rows that were read before.
        """
        read_at = sa.func.coalesce(self.leads.extracted_at, self.now)
        seen_at = sa.func.min(sa.case((self.leads.is_erased, read_at), else_=self.now))
        is_erased = sa.or_(self.leads.is_erased, self.leads.is_erased_by(asked, cutoff))
        lines = sa.select(*self.leads.key, *self._line(Reason.ERASED, seen_at)).where(is_erased)
        noted = insert(self.log).from_select(list(self.log.c.keys()), lines.group_by("lead_id", "account"))
        return sa.select(sa.func.count()).select_from(noted.on_conflict_do_nothing().returning(sa.literal(1)).cte())

    def erase(self) -> tuple[sa.Update | sa.Delete, ...]:
        """Remove the personal data of erased leads, then from rows that a restored backup brought back."""
        # A row that a loader committed after the erased leads were recorded waits for the next run, and its evidence.
        is_recorded = sa.exists().where(self.leads.has_key_of(self.log))
        if self.leads.erased is Erased.DELETE:
            row = sa.delete(self.leads.source)
            return row.where(self.leads.is_erased, is_recorded), self._older_than_evidence(row, Reason.ERASED)
        left = sa.update(self.leads.source).values(self.leads.scrubbed()).where(self.leads.holds_personal_data)
        return left.where(self.leads.is_erased, is_recorded), self._older_than_evidence(left, Reason.ERASED)

    def _older_than_evidence(self, change: Any, reason: Reason) -> Any:  # noqa: ANN401  # an update or a deletion
        return change.where(self.leads.has_key_of(self.log), self.leads.is_older_than(self.log, reason))
