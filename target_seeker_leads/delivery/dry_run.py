"""What a run would do with each record, told without doing it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from target_seeker_leads.delivery.report import SKIPS, Result
from target_seeker_leads.ledger.rules import Decision
from target_seeker_leads.settings import DedupeBy

if TYPE_CHECKING:
    from target_seeker_leads.delivery.prepared_record import PreparedRecord
    from target_seeker_leads.delivery.report import Report
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.settings import TargetSettings

#: What a record would be that comes again after this became of it, in one input.
_AGAIN = {
    Result.CREATED: Result.DELIVERED_BEFORE,
    Result.REJECTED: Result.REJECTED_BEFORE,
    Result.UNKNOWN: Result.UNKNOWN_BEFORE,
    Result.REFUSED_BEFORE: Result.REFUSED_BEFORE,
}


class DryRun:
    """Counts what would become of records, from any number of threads.

    To know what comes twice in one input it remembers the key of each record that is new to the ledger: up to 200 bytes
    a record. With `dedupe_by: none` nothing comes twice, and nothing is remembered.
    """

    def __init__(self, settings: TargetSettings, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self._may_come_again = settings.dedupe_by is not DedupeBy.NONE
        self._turn = threading.Lock()
        self._results: dict[str, Result] = {}

    def run(self, prepared: PreparedRecord) -> None:
        """Count what would become of a record."""
        decision = self._ledger.peek(prepared.claim)
        result = _result(decision, prepared)
        if self._may_come_again:
            result = self._after_the_others(prepared, result)
        if result is Result.REJECTED:
            self._report.count_reasons(prepared.reasons)
        elif result is Result.CREATED:
            self._report.count_warnings(prepared.warnings)
        self._report.count(result, is_changed=prepared.says_something_else(decision))

    def _after_the_others(self, prepared: PreparedRecord, result: Result) -> Result:
        # Look and note in one turn: of two threads with the same key one is the first.
        with self._turn:
            before = self._results.get(prepared.claim.key)
            if before is not None and (before is not Result.REJECTED or prepared.reasons):
                return _AGAIN[before]
            if result in _AGAIN:
                self._results[prepared.claim.key] = result
            return result


def _result(decision: Decision, prepared: PreparedRecord) -> Result:
    if decision in SKIPS:
        return SKIPS[decision]
    if decision is Decision.WAIT:
        return Result.DELIVERED_BEFORE  # another run has it in hand: this one would wait for that
    if decision is Decision.KEEP_UNKNOWN:
        return Result.UNKNOWN
    if decision is Decision.TRY_ONCE:
        return Result.REFUSED_BEFORE  # a run would try it once more, and nobody knows with what result
    return Result.REJECTED if prepared.reasons else Result.CREATED
