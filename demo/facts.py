"""The demo's results, for its summary and its report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """One run of the pipeline: the number of new leads, and how long it took."""

    new: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Table:
    """What PostgreSQL contains: leads by portal and category, by day and portal, and the newest ones."""

    portals: Sequence[tuple[str | int, ...]]
    days: Mapping[tuple[date, str], int]
    newest: Sequence[tuple[datetime, str, str, str, str]]
    bookmark: str


@dataclass(frozen=True, slots=True)
class Reject:
    """One rule that a row of the file breaks, and the correction of the row."""

    row: str
    field: str
    rule: str
    cure: str
    written: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sent:
    """How many leads the file created, its corrected rows, and the whole file again; and which rows were rejected."""

    first: int
    corrected: int
    again: int
    rejects: Sequence[Reject]


@dataclass(frozen=True, slots=True)
class Facts:
    """All results."""

    first: Transfer
    second: Transfer
    webhook: Transfer  #: `seconds` is the time from the lead's arrival to its row
    table: Table
    sent: Sent
    seconds: float

    @property
    def counts(self) -> tuple[int, ...]:
        """New leads of three runs of the tap, and created leads of three runs of the target."""
        sent = self.sent
        return (self.first.new, self.second.new, self.webhook.new, sent.first, sent.corrected, sent.again)
