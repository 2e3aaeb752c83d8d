"""Holds failed records until the results of others show what to do with them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from target_seeker_leads.delivery.failure_action import (
    MAX_FAILURES_IN_A_ROW,
    Action,
    Circumstances,
    Failure,
    decide_action,
)

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _HeldRecord(Generic[T]):
    record: T
    key: str
    failure: Failure
    at: int


class HeldRecords(Generic[T]):
    """Decides the action of failed records, for any number of threads.

    Only a lead that was sent *after* a failure shows that the API still accepts others: one that was sent at the same
    time may have arrived before an account was closed. So `begin` is called before every POST.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moment = 0
        self._held: list[_HeldRecord[T]] = []
        self._failed_at: dict[str, int] = {}  # failures in a row, by the record's key
        self._any_accepted = False
        self._is_stopped = False

    def begin(self) -> int:
        """Register that a POST begins; return its moment."""
        with self._lock:
            return self._next_moment()

    def accepted(self, began_at: int) -> list[T]:
        """Register that the POST of this moment created a lead; return the records that this shows to be at fault."""
        with self._lock:
            self._any_accepted = True
            self._failed_at = {key: at for key, at in self._failed_at.items() if at > began_at}
            known = [held for held in self._held if held.at < began_at]
            self._held = [held for held in self._held if held.at >= began_at]
        after = Circumstances(accepted_after=True)
        return [held.record for held in known if decide_action(held.failure, after) is Action.KEEP]

    def failed(self, record: T, key: str, failure: Failure, *, accepted_since_first_try: bool = False) -> Action:
        """Register that the record of a key failed, and return its action; with HOLD, it is held from now on.

        `accepted_since_first_try` is for a record that an earlier run tried: others were accepted since then.
        """
        with self._lock:
            at = self._next_moment()
            if not accepted_since_first_try:
                self._failed_at[key] = at
            circumstances = Circumstances(
                failures_in_a_row=len(self._failed_at), accepted_since_first_try=accepted_since_first_try
            )
            action = decide_action(failure, circumstances)
            if action is Action.STOP:
                self._is_stopped = True
                self._held.clear()
            elif action is Action.HOLD and not self._is_stopped:
                self._held.append(_HeldRecord(record, key, failure, at))
            return action

    def end(self, accepted_since_first_try: Callable[[T], bool] = lambda _: False) -> tuple[list[T], list[T]]:
        """Return the held records to keep and those to leave as they are; call it once nothing more is sent."""
        with self._lock:
            held, self._held = self._held, []
        actions: dict[Action, list[T]] = {action: [] for action in Action}
        for each in held:
            circumstances = Circumstances(
                failures_in_a_row=min(len({other.key for other in held}), MAX_FAILURES_IN_A_ROW - 1),
                is_over=True,
                accepted_before=self._any_accepted,
                accepted_since_first_try=accepted_since_first_try(each.record),
            )
            actions[decide_action(each.failure, circumstances)].append(each.record)
        return actions[Action.KEEP], actions[Action.LEAVE]

    def _next_moment(self) -> int:
        self._moment += 1
        return self._moment
