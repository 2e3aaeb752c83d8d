"""What the demo found out, for its last lines and its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """One run of the pipeline: how many leads are new, and how long it took."""

    new: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Table:
    """What is in PostgreSQL: leads by portal and category, by day and portal, and the newest ones."""

    portals: Sequence[tuple[str | int, ...]]
    days: Mapping[tuple[date, str], int]
    newest: Sequence[tuple[datetime, str, str, str, str]]
    bookmark: str


@dataclass(frozen=True, slots=True)
class Reject:
    """One rule that a row of the file breaks, and what a person would write into the row."""

    row: str
    field: str
    rule: str
    cure: str
    written: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """How many leads were created by the file, by its mended rows, and by all of it again; and what was rejected."""

    first: int
    mended: int
    again: int
    rejects: Sequence[Reject]


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it."""

    first: Transfer
    second: Transfer
    webhook: Transfer  #: `seconds` are those from the lead's arrival to its row
    table: Table
    sent: Sent
    seconds: float

    @property
    def counts(self) -> tuple[int, ...]:
        """What came in three runs, and what was sent in three."""
        sent = self.sent
        return (self.first.new, self.second.new, self.webhook.new, sent.first, sent.mended, sent.again)
