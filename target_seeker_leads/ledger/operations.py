"""Applies a group of claims, settlements and queries to the rows of their records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from target_seeker_leads.ledger.migrations import LATEST_FORMAT
from target_seeker_leads.ledger.rules import (
    HOLDING,
    NOBODY,
    Circumstances,
    Claim,
    Decision,
    OpenClaim,
    Row,
    Settlement,
    Status,
    UnknownOutcome,
    decide,
    row_after_claim,
    row_after_settlement,
)
from target_seeker_leads.ledger.tables import first_sent, last_accepted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from target_seeker_leads.ledger.database import Session


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Asks what the decision on a claim would be, and changes nothing."""

    claim: Claim


@dataclass(frozen=True, slots=True)
class OthersAcceptedQuery:
    """Asks whether other leads were accepted since a record's first try."""

    claim: Claim


Operation: TypeAlias = Claim | Settlement | DecisionQuery | OthersAcceptedQuery
Answer: TypeAlias = Decision | bool | None


def claim_of(operation: Operation) -> Claim:
    """Return the claim that an operation is, or is about."""
    return operation if isinstance(operation, Claim) else operation.claim


class OperationHandler:
    """Applies groups of operations for one run. Only one thread may use it at a time."""

    def __init__(self, policy: UnknownOutcome, max_resends: int, clock: Callable[[], datetime]) -> None:
        self._policy = policy
        self._max_resends = max_resends
        self._clock = clock
        self._last_accepted_at: dict[str, datetime | None] = {}  # by destination

    def apply(
        self,
        session: Session | None,
        operations: Sequence[Operation],
        rows: dict[str, Row | None],
        open_claims: dict[str, OpenClaim],
    ) -> list[Answer]:
        """Apply the operations in order: change `rows` and `open_claims`, and return the answers."""
        run_id = session.runs.run_id if session else NOBODY
        sent_before = _sent_before(session, operations)
        answers: list[Answer] = []
        for operation in operations:
            key = _stored_key(claim_of(operation), rows, open_claims)
            row = rows[key]
            match operation:
                case Settlement():
                    rows[key] = row_after_settlement(row, open_claims.pop(key, None), operation, run_id)
                    answers.append(None)
                case OthersAcceptedQuery(claim):
                    answers.append(self._others_accepted(session, row, claim))
                case DecisionQuery(claim):
                    answers.append(self._decide(session, row, claim, sent_before))
                case Claim() if key in open_claims:
                    answers.append(Decision.WAIT)
                case Claim():
                    decision = self._decide(session, row, operation, sent_before)
                    answers.append(decision)
                    rows[key] = row_after_claim(row, operation, decision, run_id, self._clock())
                    if decision in HOLDING:
                        open_claims[key] = OpenClaim(row, rows[key])
        return answers

    def _decide(
        self, session: Session | None, row: Row | None, claim: Claim, sent_before: Mapping[str, datetime]
    ) -> Decision:
        circumstances = Circumstances(self._policy, sent_before=sent_before.get(claim.fingerprint or ""))
        if session and row and row.status is Status.SENDING:
            is_at_bound = row.resends >= self._max_resends
            circumstances = Circumstances(
                self._policy,
                is_alive=session.runs.is_alive(row.run_id),
                is_at_bound=is_at_bound,
                others_accepted=is_at_bound and self._others_accepted(session, row, claim),
            )
        return decide(row, claim, circumstances)

    def _others_accepted(self, session: Session | None, row: Row | None, claim: Claim) -> bool:
        """Return whether the account got another lead since the row's first try; the row itself is open."""
        if session is None or session.version < LATEST_FORMAT or row is None or row.first_tried_at is None:
            return False
        last = self._last_accepted_at.get(claim.destination)
        if last is None or last <= row.first_tried_at:
            last = last_accepted(session.connection, claim.destination, self._clock())
            self._last_accepted_at[claim.destination] = last
        return last is not None and last > row.first_tried_at


def _sent_before(session: Session | None, operations: Sequence[Operation]) -> Mapping[str, datetime]:
    """Return when leads that the tap may have read back were first sent, by fingerprint."""
    claims = [claim_of(operation) for operation in operations if not isinstance(operation, Settlement)]
    fingerprints = {claim.fingerprint for claim in claims if claim.came_at and claim.fingerprint}
    if session is None or session.version < LATEST_FORMAT or not fingerprints:
        return {}
    return first_sent(session.connection, fingerprints)


def _stored_key(claim: Claim, rows: Mapping[str, Row | None], open_claims: Mapping[str, OpenClaim]) -> str:
    """Return the key under which the record has a row, even one of an earlier version; its own if there is no row."""
    return next((key for key in claim.keys if rows[key] is not None or key in open_claims), claim.key)
