"""The limit as the API enforces it: 10 starts in any 200 ms and 10 in flight, with mercy for a network's jitter."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` starts in any `period_seconds`, and `max_concurrent` in flight."""

    requests: int
    period_seconds: float
    max_concurrent: int
    jitter_seconds: float = 0.0

    @property
    def lenient_period_seconds(self) -> float:
        """The period less the jitter: two requests this far apart at our end may have been far enough at theirs."""
        return max(0.0, self.period_seconds - self.jitter_seconds)


class Limiter:
    """Lets requests in or refuses them; a refused one does not count."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._starts: deque[float] = deque(maxlen=limit.requests)
        self._in_flight = 0

    def try_start(self, now: float) -> bool:
        """Whether a request may start at this monotonic instant; if so, `finish` must follow."""
        if self._in_flight >= self._limit.max_concurrent:
            return False
        is_full = len(self._starts) == self._limit.requests
        if is_full and now - self._starts[0] < self._limit.lenient_period_seconds:
            return False
        self._starts.append(now)
        self._in_flight += 1
        return True

    def finish(self) -> None:
        """A request that was let in has been answered."""
        self._in_flight -= 1
