"""The delivery ledger: what was sent, so that nothing is sent twice that is known to be sent.

Every record is claimed before its POST and settled after it; both are on disk when the call returns. No lock is held
in between: the claim is a row, and the run that wrote it is known to be alive as long as it is.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeAlias, cast

from sqlalchemy.exc import DBAPIError

from seeker_leads_api.errors import FatalError
from target_seeker_leads.group_commit import GroupCommit
from target_seeker_leads.ledger.database import Session
from target_seeker_leads.ledger.location import Location
from target_seeker_leads.ledger.rules import (
    HOLDING,
    NOBODY,
    Claim,
    Decision,
    Held,
    Row,
    Settlement,
    Status,
    UnknownOutcome,
    decide,
    row_after_claim,
    row_after_settlement,
)
from target_seeker_leads.ledger.tables import load, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

__all__ = ["Claim", "Decision", "Ledger", "Settlement", "Status", "UnknownOutcome"]

#: A few statements carry a whole group, and SQLite takes only so many parameters.
_MAX_OPERATIONS = 500
#: Another process may be first with a new key, or PostgreSQL may undo one of two that wait for each other.
_MAX_TRIES = 10
_PASSING = frozenset({"40001", "40P01"})


@dataclass(frozen=True, slots=True)
class _Peek:
    claim: Claim

    @property
    def key(self) -> str:
        return self.claim.key


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


_Operation: TypeAlias = "Claim | Settlement | _Peek"


class Ledger:
    """Claims and settles records for one run; any number of threads may use it. `open` makes one."""

    def __init__(
        self, location: Location, session: Session | None, policy: UnknownOutcome, clock: Callable[[], datetime]
    ) -> None:
        #: Where it is, for messages: no password in it.
        self.shown_location = location.shown
        self._location = location
        self._session = session
        self._policy = policy
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._is_closed = False
        self._group = GroupCommit[_Operation, "Decision | None"](self._commit, max_operations=_MAX_OPERATIONS)

    @classmethod
    def open(
        cls, url: str, policy: UnknownOutcome, *, read_only: bool = False, clock: Callable[[], datetime] = _utc_now
    ) -> Self:
        """Open the ledger and begin a run. With `read_only` nothing is created, and only `peek` may be called.

        Raises:
            SettingsError: `ledger_url` cannot work.
            FatalError: the database cannot be reached or written.
        """
        location = Location.parse(url)
        try:
            session = Session.open(location, read_only=read_only)
        except (DBAPIError, OSError) as error:
            raise location.error(error, was_open=False) from None
        return cls(location, session, policy, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def claim(self, claim: Claim) -> Decision:
        """Decide on a record; if it becomes the caller's, it must be settled, and until then all others wait for it.

        Raises:
            FatalError: the ledger cannot be written: the record may not be sent.
        """
        return cast("Decision", self._group.submit(claim))

    def settle(self, settlement: Settlement) -> None:
        """Write down how a claimed record ended.

        Raises:
            FatalError: the ledger cannot be written: the record's outcome counts as unknown.
        """
        self._group.submit(settlement)

    def peek(self, claim: Claim) -> Decision:
        """Decide on a record as a claim would, and write nothing."""
        return cast("Decision", self._group.submit(_Peek(claim)))

    def close(self) -> None:
        """End the run: the outcome of what it has not settled is unknown from now on."""
        with self._group.paused():
            session, self._session, self._is_closed = self._session, None, True
            # What is committed is committed; that the end is not clean costs nothing.
            with contextlib.suppress(DBAPIError, OSError):
                if session:
                    session.close()

    def _commit(self, operations: Sequence[_Operation]) -> list[Decision | None]:
        # A connection that is opened anew would lack the lock by which others know that this run is alive.
        if self._is_closed or (self._session and self._session.connection.invalidated):
            msg = f"The ledger {self.shown_location} is closed: nothing more is sent"
            raise FatalError(msg)
        for _ in range(_MAX_TRIES):
            decisions = self._try_commit(operations)
            if decisions is not None:
                return decisions
        msg = f"The ledger {self.shown_location} is changed by others faster than it can be written: use fewer workers"
        raise FatalError(msg)

    def _try_commit(self, operations: Sequence[_Operation]) -> list[Decision | None] | None:
        """Commit the group as a whole; None: another process was in the way, nothing was written."""
        keys = sorted({operation.key for operation in operations})
        session = self._session
        if session is None:
            return self._apply(operations, dict.fromkeys(keys), {})
        held = dict(self._held)
        try:
            with session.connection.begin() as transaction:
                before = load(session.connection, keys, for_update=not session.read_only)
                after = dict(before)
                decisions = self._apply(operations, after, held)
                if not write(session.connection, before, after, self._clock()):
                    transaction.rollback()
                    return None
        except (DBAPIError, OSError) as error:
            if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _PASSING:
                return None
            raise self._location.error(error) from None
        self._held = held
        return decisions

    def _apply(
        self, operations: Sequence[_Operation], rows: dict[str, Row | None], held: dict[str, Held]
    ) -> list[Decision | None]:
        """Change `rows` and `held` as the operations say, each on what those before it left."""
        run_id = self._session.runs.run_id if self._session else NOBODY
        decisions: list[Decision | None] = []
        for operation in operations:
            key, row = operation.key, rows[operation.key]
            match operation:
                case Settlement():
                    rows[key] = row_after_settlement(row, held.pop(key, None), operation, run_id)
                    decisions.append(None)
                case _Peek(claim):
                    decisions.append(self._decide(row, claim))
                case Claim() if key in held:
                    decisions.append(Decision.WAIT)
                case Claim():
                    decision = self._decide(row, operation)
                    decisions.append(decision)
                    rows[key] = row_after_claim(row, operation, decision, run_id)
                    if decision in HOLDING:
                        held[key] = Held(row, rows[key])
        return decisions

    def _decide(self, row: Row | None, claim: Claim) -> Decision:
        is_alive = False
        if self._session and row and row.status is Status.SENDING:
            is_alive = self._session.runs.is_alive(row.run_id)
        return decide(row, claim, self._policy, is_alive=is_alive)
