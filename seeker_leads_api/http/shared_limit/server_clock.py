"""Converts the server's clock to the clock of this process."""

from __future__ import annotations

#: The maximum drift between the two clocks, in seconds per second.
_MAX_DRIFT = 1e-4


class ServerClock:
    """Converts instants of the server's clock to the clock of this process.

    The server reads its clock between the request and its answer, which gives a range for the difference of the clocks.
    The intersection of many ranges is narrow: the error is at most half of the fastest round trip.
    """

    def __init__(self) -> None:
        # Bounds of the difference to add to the server's time.
        self._low = float("-inf")
        self._high = float("inf")
        self._seen_at: float | None = None

    def observe(self, *, asked_at: float, answered_at: float, server_time: float) -> None:
        """Add an answer. If it contradicts the earlier ones, discard those: a clock was set."""
        if self._seen_at is not None:
            drift = _MAX_DRIFT * (answered_at - self._seen_at)
            self._low, self._high = self._low - drift, self._high + drift
        self._seen_at = answered_at
        low, high = asked_at - server_time, answered_at - server_time
        narrow = max(self._low, low), min(self._high, high)
        self._low, self._high = narrow if narrow[0] <= narrow[1] else (low, high)

    def local(self, server_time: float) -> float:
        """Return the same instant by the clock of this process; the server must have answered before."""
        return server_time + (self._low + self._high) / 2
