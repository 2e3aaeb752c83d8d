"""The refresh of one run: what is due after its live part, how far it has come, and what the log says about it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from singer_sdk.metrics import Point

from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.state.refresh import LIFE_SECONDS, RefreshSpan, current_cycle, stretches_due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_seeker_leads.reading.span_reader import SpanReader
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.state.bookmark import Bookmark
    from tap_seeker_leads.state.refresh import Cycle, Stretch

_DAY_SECONDS = 86_400
#: A refresh that is older than this many cycles is worth a warning: the previous cycle should have ended by now.
MAX_CYCLES = 2


class RefreshMetric(str, Enum):
    """The tap's own metrics, in the SDK's form."""

    AGE = "refresh_age_seconds"


class Refreshing:
    """Decides what a run reads again, and keeps the refresh's entry of the state.

    Raises:
        SettingsError: the state's entry is not valid; no request has been made yet.
    """

    def __init__(self, settings: TapSettings, bookmark: Bookmark) -> None:
        self._settings = settings
        self._bookmark = bookmark
        self._entry = bookmark.refresh
        self._now = settings.now
        self._stretch: Stretch | None = None
        self._all_windows = self._windows_read = 0

    def stretches(self, live: SpanReader) -> tuple[Stretch, ...]:
        """Return what to read again, in order, after everything from the live part's start has been read."""
        # If this machine's clock is ahead, the API's time counts; otherwise everything would be due at once.
        self._now = live.api_clock.cap(self._settings.now)
        start = max(self._settings.start, self._now - LIFE_SECONDS)
        span = RefreshSpan(start, min(live.start, live.end))
        cycle = current_cycle(self._entry, span, now=self._now, clock=self._settings.now)
        self._bookmark.note_refresh(cycle)
        self._all_windows = span.windows
        return stretches_due(cycle, span, now=self._now, cycle_seconds=self._settings.refresh_seconds)

    def records_to_keep(self, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the records without those past their `ttl`, which must be deleted everywhere."""
        now = to_rfc3339(self._now)
        return [record for record in records if record["ttl"] is None or record["ttl"] > now]

    def begun(self, stretch: Stretch) -> None:
        """Note that the reading of a stretch begins."""
        self._stretch = stretch

    def read_up_to(self, instant: int) -> None:
        """Note that the stretch was read up to an instant."""
        if self._stretch is not None:
            self._bookmark.note_refresh(self._stretch.read_up_to(instant))

    def ended(self, stretch: Stretch) -> None:
        """Note that a stretch was read."""
        self._windows_read += stretch.windows
        self._bookmark.note_refresh(stretch.ended)

    def age(self) -> Point[int] | None:
        """Return a metric of how long ago the oldest reading may be, or None until that is known."""
        cycle = self._bookmark.refresh
        if cycle is None or cycle.verified_since is None:
            return None
        return Point("gauge", RefreshMetric.AGE, cycle.age_seconds(self._now))  # type: ignore[arg-type]  # own metric

    def summary(self) -> str:
        """Return what a run's last log line says about the refresh; empty if nothing was due."""
        cycle = self._bookmark.refresh
        if cycle is None or not self._windows_read:
            return ""
        windows_read = min(self._windows_read, self._all_windows)
        return f"; refreshed {windows_read:,} of {self._all_windows:,} windows, {self._reach(cycle)}"

    def _reach(self, cycle: Cycle) -> str:
        if cycle.verified_since is not None:
            return f"everything verified since {_date(cycle.verified_since)}"
        return f"the first cycle ends on {_date(cycle.started_at + self._settings.refresh_seconds)}"

    def warning(self) -> str | None:
        """Return a warning if the refresh makes too little progress, or None."""
        cycle = self._bookmark.refresh
        max_seconds = MAX_CYCLES * self._settings.refresh_seconds
        if cycle is None or cycle.age_seconds(self._now) <= max_seconds:
            return None
        days = cycle.age_seconds(self._now) // _DAY_SECONDS
        return (
            f"The last complete refresh was {days} days ago, more than twice `refresh_days`: your warehouse may still"
            " have data that people had erased since then. Let a run finish without an error, or raise `refresh_days`"
        )


def _date(unix_seconds: int) -> str:
    return to_rfc3339(unix_seconds)[:10]
