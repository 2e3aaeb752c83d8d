"""The delivery ledger: remembers what was sent, so that a lead that is known to be sent is not sent twice.

Each record is claimed before its POST and settled after it; both are on disk when the call returns. No lock is held
in between: the claim is a row, and other runs can tell whether the run that wrote it is alive.
"""

from __future__ import annotations

import contextlib
import time
from datetime import datetime, timezone
from typing import TYPE_CHECKING, cast

from sqlalchemy.exc import DBAPIError

from seeker_leads_api.errors import FatalError, SeekerLeadsError
from target_seeker_leads.group_commit import GroupCommit
from target_seeker_leads.ledger.database import Session
from target_seeker_leads.ledger.location import Location
from target_seeker_leads.ledger.operations import (
    Answer,
    DecisionQuery,
    Operation,
    OperationHandler,
    OthersAcceptedQuery,
    claim_of,
)
from target_seeker_leads.ledger.rules import Claim, Decision, OpenClaim, Settlement, Status, UnknownOutcome
from target_seeker_leads.ledger.tables import load, write

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from typing_extensions import Self

__all__ = ["Claim", "Decision", "Ledger", "Settlement", "Status", "UnknownOutcome"]

#: A few statements write a whole group, and SQLite limits the number of parameters.
_MAX_OPERATIONS = 500
#: Another process may insert a new key first, or PostgreSQL may abort one of two transactions in a deadlock.
_MAX_TRIES = 10
_TEMPORARY_SQLSTATES = frozenset({"40001", "40P01"})


#: The wait before each attempt of `close` to write what could not be written before.
_RECOVERY_WAITS_SECONDS = (0.0, 1.0, 4.0)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class Ledger:
    """Claims and settles records for one run; any number of threads may use it. Create one with `open`."""

    def __init__(  # noqa: PLR0913  # `open` gathers them
        self,
        location: Location,
        session: Session | None,
        policy: UnknownOutcome,
        max_resends: int,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], object],
    ) -> None:
        schema = f", schema {session.schema}" if session and session.schema else ""
        #: Its location for messages, without a password.
        self.shown_location = f"{location.shown}{schema}"
        #: Whether this run created it.
        self.is_new = session is not None and session.is_new
        #: After `close`: how many delivered leads could not be written to the ledger.
        self.unrecorded_deliveries = 0
        self._location = location
        self._session = session
        self._handler = OperationHandler(policy, max_resends, clock)
        self._max_resends = max_resends
        self._clock = clock
        self._sleep = sleep
        self._open_claims: dict[str, OpenClaim] = {}
        self._unwritten: list[Settlement] = []
        self._is_closed = False
        self._group = GroupCommit[Operation, Answer](self._commit, max_operations=_MAX_OPERATIONS)

    @classmethod
    def open(  # noqa: PLR0913  # time is injected
        cls,
        url: str,
        policy: UnknownOutcome,
        max_resends: int = 7,
        *,
        read_only: bool = False,
        clock: Callable[[], datetime] = _utc_now,
        sleep: Callable[[float], object] = time.sleep,
    ) -> Self:
        """Open the ledger and start a run. With `read_only`, nothing is created, and only `peek` may be called.

        Raises:
            SettingsError: `ledger_url` cannot work.
            FatalError: the database cannot be reached or written.
        """
        location = Location.parse(url)
        try:
            session = Session.open(location, read_only=read_only)
        except (DBAPIError, OSError) as error:
            raise location.error(error, was_open=False) from None
        return cls(location, session, policy, max_resends, clock=clock, sleep=sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def claim(self, claim: Claim) -> Decision:
        """Decide on a record. If the caller then holds it, the caller must settle it, and all others wait until then.

        Raises:
            FatalError: the ledger cannot be written, or others no longer find it; the record must not be sent.
        """
        if self._session and not self._session.is_in_place():
            msg = (
                f"The ledger {self.shown_location}, or this run's file in the folder beside it, was moved, replaced or"
                " deleted during the run: nothing more is sent; put it back, then run again"
            )
            raise FatalError(msg)
        return cast("Decision", self._group.submit(claim))

    def settle(self, settlement: Settlement) -> None:
        """Write how a claimed record ended.

        Raises:
            FatalError: the ledger cannot be written; the record's outcome counts as unknown.
        """
        self._group.submit(settlement)

    def peek(self, claim: Claim) -> Decision:
        """Decide on a record as a claim would, and write nothing."""
        return cast("Decision", self._group.submit(DecisionQuery(claim)))

    def resends_left(self, claim: Claim) -> int:
        """Return how often a record that the caller holds may be resent after this POST; below 0: it is too many."""
        claimed = self._open_claim(claim)
        return self._max_resends - (claimed.now.resends if claimed and claimed.now else 0)

    def was_tried_before(self, claim: Claim) -> bool:
        """Return whether an earlier claim of a record that the caller holds failed, without a reason from the API."""
        claimed = self._open_claim(claim)
        return claimed is not None and claimed.before is not None and claimed.before.status is Status.FAILED

    def others_were_accepted(self, claim: Claim) -> bool:
        """Return whether any run had a lead accepted since this record was first sent."""
        return bool(self._group.submit(OthersAcceptedQuery(claim)))

    def _open_claim(self, claim: Claim) -> OpenClaim | None:
        return next((self._open_claims[key] for key in claim.keys if key in self._open_claims), None)

    def close(self) -> None:
        """End the run: the outcome of records that it has not settled is unknown from now on.

        Settlements that could not be written before are written now over a new connection, if that is possible.
        """
        with self._group.paused():
            session, self._session, self._is_closed = self._session, None, True
            # An unclean close loses nothing: all data is committed.
            with contextlib.suppress(DBAPIError, OSError):
                if session:
                    session.close()
            if self._unwritten and session:
                self._recover()

    def _commit(self, operations: Sequence[Operation]) -> list[Answer]:
        try:
            return self._commit_all(operations)
        except FatalError:
            self._unwritten += [operation for operation in operations if isinstance(operation, Settlement)]
            raise

    def _commit_all(self, operations: Sequence[Operation]) -> list[Answer]:
        # A new connection would lack the lock that shows others that this run is alive.
        if self._is_closed or (self._session and self._session.connection.invalidated):
            msg = f"The ledger {self.shown_location} is closed: nothing more is sent"
            raise FatalError(msg)
        for _ in range(_MAX_TRIES):
            decisions = self._try_commit(self._session, operations)
            if decisions is not None:
                return decisions
        msg = (
            f"The ledger {self.shown_location} could not be written: another process keeps changing the same rows;"
            " run fewer processes at once"
        )
        raise FatalError(msg)

    def _try_commit(self, session: Session | None, operations: Sequence[Operation]) -> list[Answer] | None:
        """Commit the whole group; None: another process interfered, and nothing was written."""
        claims = [claim_of(operation) for operation in operations]
        destinations = {key: claim.destination for claim in claims for key in claim.keys}
        keys = sorted(destinations)
        if session is None:
            return self._handler.apply(None, operations, dict.fromkeys(keys), {})
        open_claims = dict(self._open_claims)
        try:
            with session.connection.begin() as transaction:
                before = load(session.connection, keys, for_update=not session.read_only, version=session.version)
                after = dict(before)
                decisions = self._handler.apply(session, operations, after, open_claims)
                if not write(session.connection, before, after, self._clock(), destinations):
                    transaction.rollback()
                    return None
        except (DBAPIError, OSError) as error:
            if isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _TEMPORARY_SQLSTATES:
                return None
            raise self._location.error(error) from None
        self._open_claims = open_claims
        return decisions

    def _recover(self) -> None:
        """Write pending settlements over a new connection; count the deliveries that still cannot be written."""
        for wait_seconds in _RECOVERY_WAITS_SECONDS:
            self._sleep(wait_seconds)
            try:
                session = Session.open(self._location, read_only=False)
            except (DBAPIError, OSError, SeekerLeadsError):
                continue
            if session is None:
                continue
            try:
                if self._try_commit(session, self._unwritten) is not None:
                    self._unwritten = []
                    return
            except FatalError:
                continue
            finally:
                with contextlib.suppress(DBAPIError, OSError):
                    session.close()
        self.unrecorded_deliveries = sum(settlement.status is Status.DELIVERED for settlement in self._unwritten)
