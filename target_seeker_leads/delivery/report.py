"""Counts what a run does; writes progress lines and a summary."""

from __future__ import annotations

import enum
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from seeker_leads_api.metrics_file import Metric, gauge
from target_seeker_leads.ledger.rules import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_seeker_leads.dead_letters import Reason
    from target_seeker_leads.mapping.validation import MappingWarning

#: The least time between two progress lines, and before the first one.
INTERVAL_SECONDS = 10.0
#: How many kinds of reasons the summary names.
_MAX_REASONS = 10


class Result(enum.Enum):
    """The result of a record."""

    CREATED = "created"
    DELIVERED_BEFORE = "skipped as delivered before"
    REJECTED = "rejected"
    REJECTED_BEFORE = "skipped as rejected before"  #: already kept in the dead letters
    UNKNOWN = "of unknown outcome"  #: kept as a dead letter
    UNKNOWN_BEFORE = "skipped as unknown before"  #: already kept in the dead letters
    REFUSED = "refused while others were accepted"  #: kept as a dead letter
    REFUSED_BEFORE = "refused again as before"  #: already kept in the dead letters
    DELETED = "skipped as deleted by the source"
    OWN = "skipped as leads sent from here"
    ERASED = "skipped as erased"  #: a lead from the tap, without the person's data
    TEST = "skipped as a test record of Meltano"


#: The result of a record that the ledger says to skip.
SKIPS = {
    Decision.SKIP_DELIVERED: Result.DELIVERED_BEFORE,
    Decision.SKIP_CHANGED: Result.DELIVERED_BEFORE,
    Decision.SKIP_REJECTED: Result.REJECTED_BEFORE,
    Decision.SKIP_UNKNOWN: Result.UNKNOWN_BEFORE,
    Decision.SKIP_OWN: Result.OWN,
}
#: Results that say nothing about the mapping: the record was not meant to become a lead.
_SET_ASIDE = frozenset({Result.DELETED, Result.OWN, Result.ERASED, Result.TEST})
_REJECTS = frozenset({Result.REJECTED, Result.REJECTED_BEFORE})
#: Shown even if the count is zero.
_ALWAYS_SHOWN = frozenset({Result.CREATED, Result.DELIVERED_BEFORE, Result.REJECTED, Result.UNKNOWN})


class Report:
    """Counts results, from any number of threads."""

    def __init__(self, requests_per_second: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit_per_second = requests_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._started = self._reported = clock()
        self._results: Counter[Result] = Counter()
        self._reasons: Counter[Reason] = Counter()
        self._warnings: Counter[MappingWarning] = Counter()
        self._sent_again = self._resends = self._changed = 0

    def count(self, result: Result, *, is_changed: bool = False) -> None:
        """Count the result of a record."""
        with self._lock:
            self._results[result] += 1
            self._changed += is_changed

    def count_reasons(self, reasons: Iterable[Reason]) -> None:
        """Count the reasons why a record was rejected or refused."""
        with self._lock:
            # A cure may contain details of one record, so it is not part of the kind of reason.
            self._reasons.update({replace(reason, cure="") for reason in reasons})

    def count_resends(self, times: int) -> None:
        """Count how often a record was sent while the outcome of an earlier request for it was unknown."""
        with self._lock:
            self._sent_again += times > 0
            self._resends += times

    def kept_as_rejects(self) -> int:
        """Return how many records this run kept because they were rejected or refused."""
        with self._lock:
            return self._results[Result.REJECTED] + self._results[Result.REFUSED]

    def has_records(self) -> bool:
        """Return whether any record has a result."""
        with self._lock:
            return bool(self._results)

    def count_warnings(self, warnings: Iterable[MappingWarning]) -> None:
        """Count the warnings about a record or its stream."""
        with self._lock:
            self._warnings.update(set(warnings))

    def warnings(self) -> list[str]:
        """Return a line for each kind of warning, with its cure."""
        with self._lock:
            return [
                f"Warning {times:,} x {f'`{warning.field}` ' if warning.field else ''}{warning.rule}. {warning.cure}"
                for warning, times in self._warnings.most_common(_MAX_REASONS)
            ]

    def all_rejected(self) -> int:
        """Return the number of records if all were rejected, now or before, so that the mapping must be wrong.

        Otherwise return 0: also for a single record, which may be wrong itself, and if all rejects are known already.
        """
        with self._lock:
            rejected = self._results[Result.REJECTED] + self._results[Result.REJECTED_BEFORE]
            others = sum(count for result, count in self._results.items() if result not in _SET_ASIDE | _REJECTS)
            return rejected if self._results[Result.REJECTED] and rejected > 1 and not others else 0

    def progress(self) -> str | None:
        """Return a line about the run so far, or None if the last one is recent."""
        with self._lock:
            now = self._clock()
            if now - self._reported < INTERVAL_SECONDS:
                return None
            self._reported = now
            rate = self._results[Result.CREATED] / (now - self._started)
            return f"{self._counts()}; {rate:.1f} of at most {self._limit_per_second:g} leads/s"

    def summary(self, *, dry_run: bool = False) -> list[str]:
        """Return the summary of a run as lines; none of them contains a record's value."""
        with self._lock:
            seconds = max(self._clock() - self._started, 1e-9)
            rate = self._results[Result.CREATED] / seconds
            if dry_run:
                lines = [f"Dry run, nothing was sent or written: {self._counts('would create')} in {seconds:.1f} s"]
            else:
                lines = [f"{self._counts()} in {seconds:.1f} s ({rate:.1f} leads/s)"]
            lines += [
                f"Rejected {times:,} x {f'`{reason.field}` ' if reason.field else ''}{reason.rule}"
                f"{f' ({reason.source})' if reason.source else ''}"
                for reason, times in self._reasons.most_common(_MAX_REASONS)
            ]
            if self._sent_again:
                lines.append(
                    f"{self._sent_again:,} leads were sent again after an answer was lost, {self._resends:,} times in"
                    " total, so they may exist more than once: `resends` > 0 in the ledger"
                )
            if self._changed:
                lines.append(
                    f"{self._changed:,} of those delivered before had different content then. A lead is sent only once;"
                    " if these are different leads, give their source its own ledger, or set `dedupe_by: content`"
                )
            return lines

    def metrics(self) -> list[Metric]:
        """Return the counts as metrics, with a number for each result, even if it is 0."""
        with self._lock:
            return [
                Metric(
                    "target_seeker_leads_records",
                    "Number of records of the last run, by result.",
                    {result.name.lower(): self._results[result] for result in Result},
                    "result",
                ),
                gauge(
                    "target_seeker_leads_resends",
                    "Number of requests of the last run that may have created a lead twice.",
                    self._resends,
                ),
            ]

    def _counts(self, would_create: str = "") -> str:
        shown = [result for result in Result if self._results[result] or result in _ALWAYS_SHOWN]
        return ", ".join(
            f"{would_create} {self._results[result]:,}"
            if would_create and result is Result.CREATED
            else f"{self._results[result]:,} {result.value}"
            for result in shown
        )
