"""Where a long run stands, for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_seeker_leads.reading.windows import Window
    from tap_seeker_leads.settings import TapSettings

#: A run shorter than this says nothing; a longer one at most so often.
INTERVAL_SECONDS = 10.0


class Progress:
    """Counts what was done, and says so from time to time."""

    def __init__(self, settings: TapSettings, start: int, *, clock: Callable[[], float]) -> None:
        self._span_seconds = max(settings.end - start, 1)
        self._limit_per_second = settings.connection.requests_per_second
        self._clock = clock
        self._started = self._reported = clock()
        self._pages = self._leads = self._windows = self._seconds_read = 0

    def page_read(self, leads: int) -> None:
        """Note a page that was put out."""
        self._pages += 1
        self._leads += leads

    def window_read(self, window: Window) -> None:
        """Note a window that was put out whole."""
        self._windows += 1
        self._seconds_read += window.end - window.start

    def report(self, all_windows: int) -> str | None:
        """Return a line about the whole run, or None where the last one is not long ago."""
        now = self._clock()
        if now - self._reported < INTERVAL_SECONDS:
            return None
        self._reported = now
        elapsed_seconds = now - self._started
        line = (
            f"{self._windows:,} of {all_windows:,} windows, {self._leads:,} leads,"
            f" {self._pages / elapsed_seconds:.1f} of at most {self._limit_per_second:g} requests/s"
        )
        share = self._seconds_read / self._span_seconds
        if share == 0:
            return line
        return f"{line}, about {elapsed_seconds * (1 - share) / share:.0f} s left"
