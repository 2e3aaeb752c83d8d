"""The table of leads as SQL expressions, for any format of its columns. Nothing is executed here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, JSONB

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from seeker_leads_cli.retention.columns import Column, LeadColumns
    from seeker_leads_cli.retention.evidence import Reason
    from seeker_leads_cli.retention.settings import Erased

_NUMBER = "seekerPhoneNumber"


@dataclass(frozen=True)
class Leads:
    """A table of leads. Instants are in UTC; columns without a time zone are read as UTC."""

    schema: str
    name: str
    columns: LeadColumns
    refresh_days: int
    erased: Erased  #: what to do with the rows of erased people

    @property
    def shown(self) -> str:
        """The name as messages show it."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def source(self) -> sa.TableClause:
        """The table."""
        known = self.columns
        needed = (known.lead_id, known.account, known.ingestion_date, known.ttl, known.is_erased, known.extracted_at)
        names = [each.name for each in (*needed, *known.personal, known.call) if each is not None]
        return sa.table(self.name, *(sa.column(name) for name in dict.fromkeys(names)), schema=self.schema)

    def _column(self, column: Column) -> sa.ColumnElement[Any]:
        return self.source.c[column.name]

    def _instant(self, column: Column) -> sa.ColumnElement[datetime]:
        value = self._column(column)
        return sa.func.timezone("UTC", value) if column.is_in_utc else value

    @cached_property
    def key(self) -> tuple[sa.ColumnElement[str], sa.ColumnElement[str]]:
        """The ids of lead and account, as the evidence stores them."""
        account = self.columns.account
        named = sa.literal("") if account is None else sa.func.coalesce(sa.cast(self._column(account), sa.Text), "")
        return sa.cast(self._column(self.columns.lead_id), sa.Text).label("lead_id"), named.label("account")

    def has_key_of(self, other: sa.FromClause) -> sa.ColumnElement[bool]:
        """Return whether a row is about the same lead as one of another table."""
        lead_id, account = self.key
        return sa.and_(lead_id == other.c.lead_id, account == other.c.account)

    @cached_property
    def ttl(self) -> sa.ColumnElement[datetime]:
        """When the lead must be deleted; null if the row does not say it."""
        return self._instant(self.columns.ttl)

    @cached_property
    def extracted_at(self) -> sa.ColumnElement[datetime]:
        """When the tap read the row; null if unknown."""
        column = self.columns.extracted_at
        return sa.cast(sa.null(), sa.DateTime(timezone=True)) if column is None else self._instant(column)

    @cached_property
    def is_erased(self) -> sa.ColumnElement[bool]:
        """Whether the row says that the person's data is erased."""
        column = self.columns.is_erased
        return sa.false() if column is None else self._column(column).is_(sa.true())

    def is_erased_by(self, asked: sa.FromClause | None, cutoff: datetime | None) -> sa.ColumnElement[bool]:
        """Return whether the API said that the person's data is erased, and the tap has not read the lead since."""
        if asked is None or cutoff is None:
            return sa.false()
        said = sa.exists().where(self.has_key_of(asked), asked.c.is_erased)
        return sa.and_(self.extracted_at < cutoff, said)

    def is_older_than(self, line: sa.FromClause, reason: Reason) -> sa.ColumnElement[bool]:
        """Return whether a row was read before its row of evidence was written: it comes from a restored backup."""
        return sa.and_(
            line.c.reason == reason.value,
            sa.or_(self.extracted_at.is_(None), self.extracted_at <= line.c.applied_at),
        )

    @cached_property
    def holds_personal_data(self) -> sa.ColumnElement[bool]:
        """Whether a row still contains personal data."""
        left = [self._column(each).is_not(None) for each in self.columns.personal]
        if self.columns.call is not None:
            left.append(_as_jsonb(self._column(self.columns.call))[_NUMBER].astext.is_not(None))
        return sa.or_(sa.false(), *left)

    def scrubbed(self) -> dict[sa.ColumnElement[Any], Any]:
        """Return the new values of the columns of an erased row."""
        known = self.columns
        values: dict[sa.ColumnElement[Any], Any] = {self._column(each): sa.null() for each in known.personal}
        if known.call is not None:
            column = self._column(known.call)
            call = _as_jsonb(column)
            without = sa.case(
                (call.has_key(_NUMBER), call.concat(sa.func.jsonb_build_object(_NUMBER, sa.null()))),
                (sa.func.jsonb_typeof(call) == "object", call),
                else_=sa.null(),
            )
            values[column] = sa.cast(without, JSON if known.call.type == "json" else JSONB)
        if known.is_erased is not None:
            values[self._column(known.is_erased)] = sa.true()
        return values

    def shown_columns(self) -> Sequence[str]:
        """Return the names of the columns that become null, as messages show them."""
        call = [] if self.columns.call is None else [f"{self.columns.call.name}.{_NUMBER}"]
        return [*(each.name for each in self.columns.personal), *call]


def _as_jsonb(column: sa.ColumnElement[Any]) -> Any:  # noqa: ANN401  # JSONB has operators of its own
    return sa.cast(column, JSONB)
