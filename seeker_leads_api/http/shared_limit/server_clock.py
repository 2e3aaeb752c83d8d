"""The server's clock, as seen from here."""

from __future__ import annotations

#: The two clocks drift apart by less than this, in seconds a second.
_DRIFT = 1e-4


class ServerClock:
    """Tells when an instant of the server's clock is by the clock of this process.

    The server looked at its clock between the moment at which it was asked and the moment at which its answer was here.
    What many answers have in common is narrow: half of the quickest round trip is the most that it can be wrong.
    """

    def __init__(self) -> None:
        # Bounds of what to add to the server's time.
        self._low = float("-inf")
        self._high = float("inf")
        self._seen_at: float | None = None

    def observe(self, *, asked_at: float, answered_at: float, server_time: float) -> None:
        """Take in an answer. One that fits none before it begins anew: a clock was set."""
        if self._seen_at is not None:
            drift = _DRIFT * (answered_at - self._seen_at)
            self._low, self._high = self._low - drift, self._high + drift
        self._seen_at = answered_at
        low, high = asked_at - server_time, answered_at - server_time
        narrow = max(self._low, low), min(self._high, high)
        self._low, self._high = narrow if narrow[0] <= narrow[1] else (low, high)

    def local(self, server_time: float) -> float:
        """Return when that is by the clock of this process; the server must have answered before."""
        return server_time + (self._low + self._high) / 2
