"""Finds out what a run would do with each record, without doing it."""

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

#: The result of a repeated record, by the result of the first one with its key in the same input.
_REPEATED = {
    Result.CREATED: Result.DELIVERED_BEFORE,
    Result.REJECTED: Result.REJECTED_BEFORE,
    Result.UNKNOWN: Result.UNKNOWN_BEFORE,
    Result.REFUSED_BEFORE: Result.REFUSED_BEFORE,
}


class DryRun:
    """Counts the results that records would have, from any number of threads.

    To recognise repeated records in one input, it remembers the key of each record that is new to the ledger: up to 200
    bytes per record. With `dedupe_by: none`, no record counts as repeated, and nothing is remembered.
    """

    def __init__(self, settings: TargetSettings, ledger: Ledger, report: Report) -> None:
        self._ledger = ledger
        self._report = report
        self._may_repeat = settings.dedupe_by is not DedupeBy.NONE
        self._lock = threading.Lock()
        self._results: dict[str, Result] = {}

    def run(self, prepared: PreparedRecord) -> None:
        """Count the result that a record would have."""
        decision = self._ledger.peek(prepared.claim)
        result = _result(decision, prepared)
        if self._may_repeat:
            result = self._after_earlier_records(prepared, result)
        if result is Result.REJECTED:
            self._report.count_reasons(prepared.reasons)
        elif result is Result.CREATED:
            self._report.count_warnings(prepared.warnings)
        self._report.count(result, is_changed=prepared.has_changed(decision))

    def _after_earlier_records(self, prepared: PreparedRecord, result: Result) -> Result:
        # Check and remember under one lock, so that only one of two threads with the same key is the first.
        with self._lock:
            before = self._results.get(prepared.claim.key)
            if before is not None and (before is not Result.REJECTED or prepared.reasons):
                return _REPEATED[before]
            if result in _REPEATED:
                self._results[prepared.claim.key] = result
            return result


def _result(decision: Decision, prepared: PreparedRecord) -> Result:
    if decision in SKIPS:
        return SKIPS[decision]
    if decision is Decision.WAIT:
        return Result.DELIVERED_BEFORE  # another run is sending it, and this one would wait for that
    if decision is Decision.KEEP_UNKNOWN:
        return Result.UNKNOWN
    if decision is Decision.TRY_ONCE:
        return Result.REFUSED_BEFORE  # a run would try it once more, with an unknown result
    return Result.REJECTED if prepared.reasons else Result.CREATED
