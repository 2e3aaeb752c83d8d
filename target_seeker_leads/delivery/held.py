"""Records whose fate depends on what becomes of others: held until that is known."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from target_seeker_leads.delivery.fate import MAX_FAILURES_IN_A_ROW, Circumstances, Failure, Fate, decide_fate

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    record: T
    key: str
    failure: Failure
    at: int


class HeldRecords(Generic[T]):
    """Tells the fate of records that failed, for any number of threads.

    Only a lead that was sent *after* a failure says that the API still accepts others: one that was on its way at the
    same time may have arrived before an account was closed. So every POST begins with `begin`.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._moment = 0
        self._held: list[_Held[T]] = []
        self._failed_at: dict[str, int] = {}  # those in a row, by the record's key
        self._any_accepted = False
        self._is_stopped = False

    def begin(self) -> int:
        """Note that a POST begins; return the moment."""
        with self._turn:
            return self._next_moment()

    def accepted(self, began_at: int) -> list[T]:
        """Note that a POST of this moment created a lead; return the records that are known to be at fault by that."""
        with self._turn:
            self._any_accepted = True
            self._failed_at = {key: at for key, at in self._failed_at.items() if at > began_at}
            known = [held for held in self._held if held.at < began_at]
            self._held = [held for held in self._held if held.at >= began_at]
        after = Circumstances(accepted_after=True)
        return [held.record for held in known if decide_fate(held.failure, after) is Fate.KEEP]

    def failed(self, record: T, key: str, failure: Failure, *, accepted_since_first_try: bool = False) -> Fate:
        """Note that the record of a key failed, and return its fate; one that is to be held is held from now on.

        `accepted_since_first_try` is for one that an earlier run tried: others were accepted since then.
        """
        with self._turn:
            at = self._next_moment()
            if not accepted_since_first_try:
                self._failed_at[key] = at
            circumstances = Circumstances(
                failures_in_a_row=len(self._failed_at), accepted_since_first_try=accepted_since_first_try
            )
            fate = decide_fate(failure, circumstances)
            if fate is Fate.STOP:
                self._is_stopped = True
                self._held.clear()
            elif fate is Fate.HOLD and not self._is_stopped:
                self._held.append(_Held(record, key, failure, at))
            return fate

    def end(self, accepted_since_first_try: Callable[[T], bool] = lambda _: False) -> tuple[list[T], list[T]]:
        """Return, once nothing more is sent, the held records to keep and those to leave as they are."""
        with self._turn:
            held, self._held = self._held, []
        fates: dict[Fate, list[T]] = {fate: [] for fate in Fate}
        for each in held:
            circumstances = Circumstances(
                failures_in_a_row=min(len({other.key for other in held}), MAX_FAILURES_IN_A_ROW - 1),
                is_over=True,
                accepted_before=self._any_accepted,
                accepted_since_first_try=accepted_since_first_try(each.record),
            )
            fates[decide_fate(each.failure, circumstances)].append(each.record)
        return fates[Fate.KEEP], fates[Fate.LEAVE]

    def _next_moment(self) -> int:
        self._moment += 1
        return self._moment
