"""Log lines about what a run has read: at intervals, and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_seeker_leads.leads.timestamps import to_rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_seeker_leads.reading.windows import Window
    from tap_seeker_leads.settings import TapSettings

#: How often a long run logs its progress; a shorter one logs it only at its end.
INTERVAL_SECONDS = 10.0


class Progress:
    """Counts what was read."""

    def __init__(self, settings: TapSettings, span_seconds: int, *, clock: Callable[[], float]) -> None:
        self._span_seconds = max(span_seconds, 1)
        self._limit_per_second = settings.connection.requests_per_second
        self._clock = clock
        self._started = self._reported = clock()
        self.pages = self.leads = self._windows = self._seconds_read = 0

    def page_read(self, leads: int) -> None:
        """Note a page that was emitted."""
        self.pages += 1
        self.leads += leads

    def window_read(self, window: Window) -> None:
        """Note a window that was emitted completely."""
        self._windows += 1
        self._seconds_read += window.end - window.start

    def report(self, all_windows: int, read_up_to: int) -> str | None:
        """Return a line about the run so far, or None if the last line is recent; instants are Unix seconds."""
        now = self._clock()
        if now - self._reported < INTERVAL_SECONDS:
            return None
        self._reported = now
        elapsed_seconds = now - self._started
        line = (
            f"Read up to {to_rfc3339(read_up_to)}: {self.leads:,} leads in {self._windows:,} of {all_windows:,}"
            f" windows, {self.pages / elapsed_seconds:.1f} requests/s (the limit is {self._limit_per_second:g})"
        )
        share = self._seconds_read / self._span_seconds
        if share == 0:
            return line
        return f"{line}, about {elapsed_seconds * (1 - share) / share:.0f} s left"

    def summary(self, read_up_to: int) -> str:
        """Return the last line of a run that read everything."""
        return (
            f"Read {count_of(self.leads, 'lead')} in {count_of(self._windows, 'window')} with"
            f" {count_of(self.pages, 'request')} in {self._clock() - self._started:.1f} s; everything up to"
            f" {to_rfc3339(read_up_to)} is read"
        )


def count_of(number: int, noun: str) -> str:
    """Return a number with its noun, in the plural unless the number is one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
