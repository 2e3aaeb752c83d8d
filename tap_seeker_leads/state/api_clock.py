"""The API's own clock, read from its answers: a bookmark must not pass it, whatever this machine's clock says."""

from __future__ import annotations

from seeker_leads_api.http.outcomes import http_date

#: A server that sends an earlier date has no usable clock (2000-01-01).
_EARLIEST = 946_684_800


class ApiClock:
    """The earliest `Date` of a run's answers; the run may not have seen leads that were ingested after it."""

    def __init__(self) -> None:
        self.earliest: int | None = None  #: in Unix seconds; None if no answer had a usable date
        self._last: str | None = None

    def note(self, header: str | None) -> None:
        """Take an answer's `Date` into account."""
        if header == self._last:
            return  # hundreds of pages share a second
        self._last = header
        date = read_date(header)
        if date is not None and (self.earliest is None or date < self.earliest):
            self.earliest = date

    def cap(self, unix_seconds: int) -> int:
        """Return the instant, or the API's time if that is earlier."""
        return unix_seconds if self.earliest is None else min(unix_seconds, self.earliest)

    def seconds_behind(self, unix_seconds: int) -> int:
        """Return how far the API's time is before an instant; 0 if it is not before it, or is not known."""
        return unix_seconds - self.cap(unix_seconds)


def read_date(header: str | None) -> int | None:
    """Read a `Date` header (RFC 9110) as Unix seconds; None if it is missing or not plausible."""
    date = http_date(header) if header is not None else None
    return int(date.timestamp()) if date is not None and date.timestamp() >= _EARLIEST else None
