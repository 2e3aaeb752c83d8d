"""Decides when the pipeline runs. Nothing here waits, and the clock is injected.

A run begins

- at once when the program starts;
- after a signal: when no other signal came for `debounce_seconds`, but at most `max_wait_seconds` after the first one;
- `recheck_seconds` after the end of a run that a signal caused, since leads can become visible late;
- `poll_seconds` after the start of the last run, with or without a signal, since signals can be lost;
- after a failed run, only when a wait is over that doubles with each failure in a row.

There is one run at a time. A signal during a run counts for the next one, since that lead may not have been read.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_BACK_OFF_SECONDS = 5.0
LONGEST_BACK_OFF_SECONDS = 300.0
#: After this number of doublings, the longest wait is reached.
_MAX_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """The waiting times of the runner."""

    debounce_seconds: float = 3.0
    max_wait_seconds: float = 15.0
    recheck_seconds: float = 60.0  #: 0: never
    poll_seconds: float = 300.0


class Schedule:
    """Decides when the next run is due. Not thread-safe."""

    def __init__(self, timing: Timing, clock: Callable[[], float] = time.monotonic) -> None:
        self._timing = timing
        self._clock = clock
        self._is_running = False
        self._begun_at: float | None = None  # the last run
        self._signals: tuple[float, float] | None = None  # first and last since the start of the last run
        self._owes_recheck = False  # whether a signal caused a run that has not succeeded yet
        self._recheck_at: float | None = None
        self._failures = 0  # in a row
        self._retry_at: float | None = None  # after a failed run

    @property
    def is_running(self) -> bool:
        """Whether a run is in progress."""
        return self._is_running

    @property
    def failures(self) -> int:
        """How many runs in a row have failed."""
        return self._failures

    def signal(self) -> None:
        """Record that there may be new leads."""
        now = self._clock()
        self._signals = (self._signals[0] if self._signals else now, now)

    def begin(self) -> None:
        """Record the start of a run, which answers all earlier signals."""
        self._is_running = True
        self._begun_at = now = self._clock()
        if self._signals:
            self._owes_recheck = True
        self._signals = None
        if self._recheck_at is not None and self._recheck_at <= now:
            self._recheck_at = None

    def end(self, *, succeeded: bool) -> None:
        """Record the end of the run."""
        self._is_running = False
        now = self._clock()
        if not succeeded:
            wait_seconds = FIRST_BACK_OFF_SECONDS * 2 ** min(self._failures, _MAX_DOUBLINGS)
            self._retry_at = now + min(wait_seconds, LONGEST_BACK_OFF_SECONDS)
            self._failures += 1
            return
        self._failures, self._retry_at = 0, None
        if self._owes_recheck and self._timing.recheck_seconds:
            self._recheck_at = now + self._timing.recheck_seconds
        self._owes_recheck = False

    def seconds_until_due(self) -> float | None:
        """Return the time until the next run is due, 0 if it is due now, or None during a run."""
        if self._is_running:
            return None
        return max(0.0, self._due_at() - self._clock())

    def _due_at(self) -> float:
        if self._retry_at is not None:
            return self._retry_at
        if self._begun_at is None:
            return self._clock()
        due = [self._begun_at + self._timing.poll_seconds]
        if self._signals:
            first, last = self._signals
            due.append(min(last + self._timing.debounce_seconds, first + self._timing.max_wait_seconds))
        if self._recheck_at is not None:
            due.append(self._recheck_at)
        return min(due)
