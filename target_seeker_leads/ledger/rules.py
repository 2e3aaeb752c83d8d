"""What the ledger decides, without a database: may this record be sent, and what does its row say afterwards?

A record's life, as its row tells it:

    (no row) ── claim ──> SENDING ── settle ──> DELIVERED    for good
                                  ├───────────> REJECTED     until its content changes, or it is replayed
                                  ├───────────> UNKNOWN      until it is replayed
                                  └── release ─> what it was before the claim

A run that dies leaves SENDING behind: nobody knows whether the API took the lead, and the policy says what then.
"""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass

#: The `run_id` of a row whose run has given it up. No run is ever called so, which is why it counts as dead.
NOBODY = ""


class Status(str, enum.Enum):
    """What is known of a record; the values are what stands in the table."""

    SENDING = "sending"  #: POST under way, or its answer lost
    DELIVERED = "delivered"  #: the API took it; never sent again
    REJECTED = "rejected"  #: refused by contract or API, kept as a dead letter
    UNKNOWN = "unknown"  #: may or may not exist at the API; kept as a dead letter, not sent again by itself


class UnknownOutcome(str, enum.Enum):
    """What happens to a lead whose POST was never answered; the values are those of `on_unknown_outcome`."""

    RETRY = "retry"  #: send again: at least once, perhaps twice
    REJECT = "reject"  #: keep as a dead letter: at most once, perhaps not at all


class Decision(enum.Enum):
    """The answer to a claim. The first three make the record the caller's, who must settle it."""

    SEND = "send"  #: claimed for this run (row written): POST now
    SEND_AGAIN = "send again"  #: as SEND, though an earlier POST's outcome is unknown: it may exist twice
    KEEP_UNKNOWN = "keep unknown"  #: it may exist, and is not sent: put it into the dead letters, then settle UNKNOWN
    SKIP_DELIVERED = "skip delivered"  #: the API has it
    SKIP_CHANGED = "skip changed"  #: the same, but what was sent then said something else
    SKIP_REJECTED = "skip rejected"  #: rejected before with the same content, and kept already
    SKIP_UNKNOWN = "skip unknown"  #: kept in the dead letters already
    WAIT = "wait"  #: another thread or a living run has it in hand: ask again soon


#: Decisions after which nobody else may touch the record before it is settled.
HOLDING = frozenset({Decision.SEND, Decision.SEND_AGAIN, Decision.KEEP_UNKNOWN})


@dataclass(frozen=True, slots=True)
class Claim:
    """A record that asks to be handled."""

    key: str  #: SHA-256 in hex of what identifies the record
    content: str  #: SHA-256 in hex of what would be sent
    stream: str
    is_replay: bool  #: a mended dead letter that the user feeds again
    will_send: bool  #: False: it breaks the contract; the claim is looked up and writes nothing


@dataclass(frozen=True, slots=True)
class Row:
    """What the ledger knows of a key."""

    status: Status
    stream: str
    content: str
    run_id: str  #: the run that wrote it last
    request_id: str | None = None
    resends: int = 0  #: POSTs made while the outcome of an earlier one was unknown


@dataclass(frozen=True, slots=True)
class Held:
    """A claim that is not settled yet."""

    before: Row | None  #: what the claim found, and a release brings back
    now: Row | None  #: what the claim left; where anything else stands, another run has judged since


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a claimed record ended.

    A status of None releases it: it is known that this claim created nothing. SENDING gives it up with the outcome
    unknown: the policy decides when the record is claimed next, be it by this run.
    """

    key: str
    content: str
    stream: str
    status: Status | None
    request_id: str | None = None
    resends: int = 0  #: POSTs of this claim that followed one of its own whose answer was lost


def decide(row: Row | None, claim: Claim, policy: UnknownOutcome, *, is_alive: bool) -> Decision:
    """Say what to do with a record, given its row and whether the run still lives that holds a SENDING one."""
    if row is None:
        return Decision.SEND
    match row.status:
        case Status.DELIVERED:
            return Decision.SKIP_DELIVERED if row.content == claim.content else Decision.SKIP_CHANGED
        case Status.REJECTED:
            is_known = row.content == claim.content and not claim.is_replay
            return Decision.SKIP_REJECTED if is_known else Decision.SEND
        case Status.UNKNOWN:
            # A replay is the user's word that it may be sent.
            return _send_again(claim) if claim.is_replay else Decision.SKIP_UNKNOWN
        case Status.SENDING if is_alive:
            return Decision.WAIT
        case Status.SENDING:
            return _send_again(claim) if policy is UnknownOutcome.RETRY else Decision.KEEP_UNKNOWN


def _send_again(claim: Claim) -> Decision:
    # That it breaks the contract now says nothing of what was sent before: no mere reject.
    return Decision.SEND_AGAIN if claim.will_send else Decision.KEEP_UNKNOWN


def row_after_claim(row: Row | None, claim: Claim, decision: Decision, run_id: str) -> Row | None:
    """Return the row that the decision leaves; the same one where nothing is to be written."""
    if not claim.will_send or decision not in HOLDING:
        return row
    if decision is Decision.KEEP_UNKNOWN and row is not None:
        return dataclasses.replace(row, run_id=run_id)
    resends = (row.resends if row else 0) + (decision is Decision.SEND_AGAIN)
    return Row(Status.SENDING, claim.stream, claim.content, run_id, resends=resends)


def row_after_settlement(row: Row | None, held: Held | None, settlement: Settlement, run_id: str) -> Row | None:
    """Return the row that a settlement leaves. No unknown outcome is ever forgotten but by a delivery."""
    held = held or Held(None, None)
    status = settlement.status
    # That the API took it is true whoever has judged since; any other word counts only for what was claimed.
    if status is not Status.DELIVERED and row != held.now:
        return row
    if status is None:
        return held.before
    if status is Status.REJECTED and held.before and held.before.status in {Status.SENDING, Status.UNKNOWN}:
        # This POST was refused, but the one before it may have created the lead: not sent again by itself.
        status = Status.UNKNOWN
    return Row(
        status,
        settlement.stream,
        settlement.content,
        NOBODY if status is Status.SENDING else run_id,
        settlement.request_id,
        (row.resends if row else 0) + settlement.resends,
    )
