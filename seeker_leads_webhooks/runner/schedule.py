"""When the pipeline runs: every decision of the runner. Nothing here waits, and the clock is given.

A run begins

- at once, when the program starts;
- after a signal: once no other came for `debounce_seconds`, at the latest `max_wait_seconds` after the first;
- `recheck_seconds` after the end of a run that a signal asked for, since leads can become visible late;
- `poll_seconds` after the last one began, whether or not a signal came, since signals can be lost;
- after a failed run, and only then: once a wait is over that doubles with each failure in a row.

There is one run at a time. A signal during a run counts for the next one: nobody knows what the run has read already.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_BACK_OFF_SECONDS = 5.0
LONGEST_BACK_OFF_SECONDS = 300.0
#: So many doublings reach the longest wait.
_MOST_DOUBLINGS = 10


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the runner waits for what."""

    debounce_seconds: float = 3.0
    max_wait_seconds: float = 15.0
    recheck_seconds: float = 60.0  #: 0: never
    poll_seconds: float = 300.0


class Schedule:
    """Tells when the next run is due. Not shared between threads."""

    def __init__(self, timing: Timing, clock: Callable[[], float] = time.monotonic) -> None:
        self._timing = timing
        self._clock = clock
        self._is_running = False
        self._begun_at: float | None = None  # the last run
        self._signals: tuple[float, float] | None = None  # first and last that no run has begun after
        self._owes_recheck = False  # whether a run that has not succeeded yet was asked for by a signal
        self._recheck_at: float | None = None
        self._failures = 0  # in a row
        self._retry_at = 0.0

    @property
    def is_running(self) -> bool:
        """Whether a run is going on."""
        return self._is_running

    @property
    def failures(self) -> int:
        """How many runs in a row have failed."""
        return self._failures

    def signal(self) -> None:
        """Note that there may be something new."""
        now = self._clock()
        self._signals = (self._signals[0] if self._signals else now, now)

    def begin(self) -> None:
        """Note that a run begins, which answers every signal of before."""
        self._is_running = True
        self._begun_at = now = self._clock()
        if self._signals:
            self._owes_recheck = True
        self._signals = None
        if self._recheck_at is not None and self._recheck_at <= now:
            self._recheck_at = None

    def end(self, *, succeeded: bool) -> None:
        """Note that the run has ended."""
        self._is_running = False
        now = self._clock()
        if not succeeded:
            wait_seconds = FIRST_BACK_OFF_SECONDS * 2 ** min(self._failures, _MOST_DOUBLINGS)
            self._retry_at = now + min(wait_seconds, LONGEST_BACK_OFF_SECONDS)
            self._failures += 1
            return
        self._failures = 0
        if self._owes_recheck and self._timing.recheck_seconds:
            self._recheck_at = now + self._timing.recheck_seconds
        self._owes_recheck = False

    def seconds_until_due(self) -> float | None:
        """Return how long it is until the next run begins, 0 if it should now, None while one is going on."""
        if self._is_running:
            return None
        return max(0.0, self._due_at() - self._clock())

    def _due_at(self) -> float:
        if self._failures:
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
