"""The limit as the API enforces it: 10 starts in any 200 ms and 10 in flight, with a tolerance for network jitter."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` starts in any `period_seconds` and `max_concurrent` requests in flight."""

    requests: int
    period_seconds: float
    max_concurrent: int
    jitter_seconds: float = 0.0

    @property
    def lenient_period_seconds(self) -> float:
        """The period minus the jitter: requests that arrive this far apart may have been sent a full period apart."""
        return max(0.0, self.period_seconds - self.jitter_seconds)


class Limiter:
    """Admits or refuses requests; refused requests do not count."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._starts: deque[float] = deque(maxlen=limit.requests)
        self._in_flight = 0

    def try_start(self, now: float) -> bool:
        """Return whether a request may start at this monotonic instant; if so, call `finish` afterwards."""
        if self._in_flight >= self._limit.max_concurrent:
            return False
        is_full = len(self._starts) == self._limit.requests
        if is_full and now - self._starts[0] < self._limit.lenient_period_seconds:
            return False
        self._starts.append(now)
        self._in_flight += 1
        return True

    def finish(self) -> None:
        """Record that an admitted request has been answered."""
        self._in_flight -= 1
