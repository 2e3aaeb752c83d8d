"""The decisions of the ledger, without a database: may a record be sent, and what is its row afterwards?

The states of a row:

    (no row) ── claim ──> SENDING ── settle ──> DELIVERED    for good
                                  ├───────────> REJECTED     until its content changes, or it is replayed
                                  ├───────────> UNKNOWN      until it is replayed
                                  ├───────────> FAILED       not created, not kept: the next run sends it
                                  ├───────────> REFUSED      not created, but kept: each later run tries it once
                                  └── release ─> what it was before the claim

A run that dies leaves SENDING behind: whether the API created the lead is unknown, and the policy decides what to do.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

#: The `run_id` of a row that its run has given up. No run has this id, so it counts as dead.
NOBODY = ""


class Status(str, enum.Enum):
    """What is known of a record; the values are stored in the table."""

    SENDING = "sending"  #: its POST is under way, or its answer was lost
    DELIVERED = "delivered"  #: the API created it; never sent again
    REJECTED = "rejected"  #: breaks the contract, or rejected by the API; kept as a dead letter
    UNKNOWN = "unknown"  #: may or may not exist at the API; kept as a dead letter, sent again only by a replay
    FAILED = "failed"  #: not created, for an unknown reason; not kept, sent by the next run that receives it
    REFUSED = "refused"  #: not created while other leads were; kept as a dead letter, tried once by each later run


class UnknownOutcome(str, enum.Enum):
    """What happens to a lead whose POST was never answered; the values are those of `on_unknown_outcome`."""

    RETRY = "retry"  #: send again: at least once, perhaps twice
    REJECT = "reject"  #: keep as a dead letter: at most once, perhaps not at all


class Decision(enum.Enum):
    """The answer to a claim. With the first four, the caller holds the record and must settle it."""

    SEND = enum.auto()  #: claimed for this run (row written): POST now
    SEND_AGAIN = enum.auto()  #: as SEND, though an earlier POST's outcome is unknown: it may exist twice
    TRY_ONCE = enum.auto()  #: as SEND, for a record that was refused before and is kept: POST once, without retries
    KEEP_UNKNOWN = enum.auto()  #: it may exist, and is not sent: keep it as a dead letter, then settle UNKNOWN
    SKIP_DELIVERED = enum.auto()  #: the API has it
    SKIP_CHANGED = enum.auto()  #: the same, but with different content
    SKIP_REJECTED = enum.auto()  #: rejected before with the same content, and kept already
    SKIP_UNKNOWN = enum.auto()  #: kept in the dead letters already
    SKIP_OWN = enum.auto()  #: a lead that was sent from here and read back by the tap
    WAIT = enum.auto()  #: another thread or a live run holds it: ask again soon


#: Decisions after which nobody else may touch the record before it is settled.
HOLDING = frozenset({Decision.SEND, Decision.SEND_AGAIN, Decision.TRY_ONCE, Decision.KEEP_UNKNOWN})
#: Statuses whose earlier POST may have created the lead.
MAY_EXIST = frozenset({Status.SENDING, Status.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Claim:
    """A request to handle a record."""

    key: str  #: SHA-256 in hex of what identifies the record
    content: str  #: SHA-256 in hex of what would be sent
    stream: str
    is_replay: bool  #: a dead letter that the user replays
    will_send: bool  #: False: it breaks the contract, so the claim writes nothing
    destination: str = ""  #: SHA-256 in hex of the account that the lead is for
    earlier_keys: tuple[str, ...] = ()  #: keys under which earlier versions stored the same record
    fingerprint: str | None = None  #: SHA-256 in hex of the lead's text, whatever its source
    #: The tap's `ingestionDate` of a lead that came from the API itself; None for every other record.
    came_at: datetime | None = None
    excludes_unknown: bool = False  #: of a replay: do not send a lead that may already exist

    @property
    def may_duplicate(self) -> bool:
        """Whether the user allows sending a lead that may already exist."""
        return self.is_replay and not self.excludes_unknown

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys under which the record may have a row, its own first."""
        return self.key, *self.earlier_keys


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger knows of a key."""

    status: Status
    stream: str
    content: str
    run_id: str  #: the run that wrote it last
    request_id: str | None = None
    resends: int = 0  #: POSTs made while the outcome of an earlier one was unknown
    fingerprint: str | None = None
    first_tried_at: datetime | None = None  #: the first POST with this content, or since the lead may exist


@dataclass(frozen=True, slots=True)
class OpenClaim:
    """A claim that is not settled yet."""

    before: Row | None  #: the row that the claim found, which a release restores
    now: Row | None  #: the row that the claim left; if it differs later, another run has changed it


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a claimed record ended.

    A status of None releases it: this claim is known to have created nothing. SENDING gives it up with an unknown
    outcome: the policy decides at the next claim, which may be in this run.
    """

    claim: Claim
    status: Status | None
    request_id: str | None = None
    resends: int = 0  #: POSTs of this claim after one of its own lost its answer


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a decision depends on, besides the row."""

    policy: UnknownOutcome = UnknownOutcome.RETRY
    is_alive: bool = False  #: the run that holds a SENDING row is alive
    is_at_bound: bool = False  #: the row has as many resends as `max_resends` allows
    others_accepted: bool = False  #: a lead of another record was accepted since the row's first try
    sent_before: datetime | None = None  #: when a lead with the claim's fingerprint was first sent from here


#: The API's clock and this machine's may differ, and the API stores a lead before its answer arrives.
CLOCK_TOLERANCE = timedelta(minutes=1)


def decide(row: Row | None, claim: Claim, circumstances: Circumstances) -> Decision:
    """Decide what to do with a record, given its row and the circumstances."""
    if row is None or row.status is Status.FAILED:
        return Decision.SKIP_OWN if _is_own(claim, circumstances) else Decision.SEND
    match row.status:
        case Status.DELIVERED:
            return Decision.SKIP_DELIVERED if row.content == claim.content else Decision.SKIP_CHANGED
        case Status.REJECTED | Status.REFUSED:
            if row.content != claim.content or claim.is_replay:
                return Decision.SEND
            return Decision.TRY_ONCE if row.status is Status.REFUSED and claim.will_send else Decision.SKIP_REJECTED
        case Status.UNKNOWN:
            return _send_again(claim) if claim.may_duplicate else Decision.SKIP_UNKNOWN
        case Status.SENDING:
            return _decide_on_a_lost_answer(claim, circumstances)


def _decide_on_a_lost_answer(claim: Claim, circumstances: Circumstances) -> Decision:
    if circumstances.is_alive:
        return Decision.WAIT
    # At the limit of resends: if other leads were accepted, only this lead's answers are lost. If none was, there is an
    # outage, which says nothing about this lead.
    is_enough = circumstances.is_at_bound and circumstances.others_accepted and not claim.may_duplicate
    may_resend = circumstances.policy is UnknownOutcome.RETRY and not is_enough
    return _send_again(claim) if may_resend else Decision.KEEP_UNKNOWN


def _send_again(claim: Claim) -> Decision:
    # Even if it breaks the contract now, what was sent before may exist, so it is not a plain reject.
    return Decision.SEND_AGAIN if claim.will_send else Decision.KEEP_UNKNOWN


def _is_own(claim: Claim, circumstances: Circumstances) -> bool:
    if claim.came_at is None or circumstances.sent_before is None or claim.is_replay:
        return False
    return claim.came_at >= circumstances.sent_before - CLOCK_TOLERANCE


def row_after_claim(
    row: Row | None, claim: Claim, decision: Decision, run_id: str, now: datetime | None = None
) -> Row | None:
    """Return the row after the decision; the same row if nothing is to be written."""
    if not claim.will_send or decision not in HOLDING:
        return row
    if decision is Decision.KEEP_UNKNOWN and row is not None:
        return dataclasses.replace(row, run_id=run_id)
    resends = (row.resends if row else 0) + (decision is Decision.SEND_AGAIN)
    same = row if row and (row.status in MAY_EXIST or row.content == claim.content) else None
    return Row(
        Status.SENDING,
        claim.stream,
        claim.content,
        run_id,
        resends=resends,
        fingerprint=claim.fingerprint,
        first_tried_at=(same.first_tried_at if same else None) or now,
    )


def row_after_settlement(row: Row | None, claimed: OpenClaim | None, settlement: Settlement, run_id: str) -> Row | None:
    """Return the row after a settlement. Only a delivery clears an unknown outcome."""
    claimed = claimed or OpenClaim(None, None)
    status = settlement.status
    # A delivery always counts. Other results count only if no other run has changed the row since the claim.
    if status is not Status.DELIVERED and row != claimed.now:
        return row
    if status is None:
        return claimed.before
    if claimed.before and claimed.before.status in MAY_EXIST:
        # This POST created nothing, but one before it may have: a later reject must not hide that.
        if status is Status.FAILED:
            return claimed.before
        if status in {Status.REJECTED, Status.REFUSED}:
            status = Status.UNKNOWN
    return Row(
        status,
        settlement.claim.stream,
        settlement.claim.content,
        NOBODY if status in {Status.SENDING, Status.FAILED} else run_id,
        settlement.request_id,
        (row.resends if row else 0) + settlement.resends,
        settlement.claim.fingerprint or (row.fingerprint if row else None),
        row.first_tried_at if row else None,
    )
