"""The refresh of one run: what is due once its live part has ended, how far it is, and what is said of it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from singer_sdk.metrics import Point

from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.state.refresh import LIFE_SECONDS, RefreshSpan, cycle_to_go_on, stretches_due

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tap_seeker_leads.reading.span_reader import SpanReader
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.state.bookmark import Bookmark
    from tap_seeker_leads.state.refresh import Cycle, Stretch

_DAY_SECONDS = 86_400
#: A cycle that is later than this, in lengths of a cycle, is worth a warning: the one before must have ended by now.
MOST_CYCLES = 2


class RefreshMetric(str, Enum):
    """Metrics of the tap's own, in the form of the SDK's."""

    AGE = "refresh_age_seconds"


class Refreshing:
    """Decides what a run reads again, and keeps the state of it.

    Raises:
        SettingsError: the state's entry is odd; nothing has been requested yet.
    """

    def __init__(self, settings: TapSettings, bookmark: Bookmark) -> None:
        self._settings = settings
        self._bookmark = bookmark
        self._given = bookmark.refresh
        self._now = settings.now
        self._stretch: Stretch | None = None
        self._all_windows = self._windows_read = 0

    def stretches(self, live: SpanReader) -> tuple[Stretch, ...]:
        """Return what is to be read again, in order, now that everything from the live part's start on is read."""
        # With a clock that is ahead, the API's own time counts: otherwise everything would be due at once.
        self._now = live.api_clock.cap(self._settings.now)
        start = max(self._settings.start, self._now - LIFE_SECONDS)
        span = RefreshSpan(start, min(live.start, live.end))
        cycle = cycle_to_go_on(self._given, span, now=self._now, clock=self._settings.now)
        self._bookmark.note_refresh(cycle)
        self._all_windows = span.windows
        return stretches_due(cycle, span, now=self._now, cycle_seconds=self._settings.refresh_seconds)

    def records_to_keep(self, records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the records without those past their `ttl`, which must be gone from all systems."""
        now = to_rfc3339(self._now)
        return [record for record in records if record["ttl"] is None or record["ttl"] > now]

    def begun(self, stretch: Stretch) -> None:
        """Note that a stretch is read from now on."""
        self._stretch = stretch

    def read_up_to(self, instant: int) -> None:
        """Note that all before an instant of the stretch was read."""
        if self._stretch is not None:
            self._bookmark.note_refresh(self._stretch.read_up_to(instant))

    def ended(self, stretch: Stretch) -> None:
        """Note that a stretch was read."""
        self._windows_read += stretch.windows
        self._bookmark.note_refresh(stretch.ended)

    def age(self) -> Point[int] | None:
        """Return how long ago the oldest reading may be, as a metric; None until that is known."""
        cycle = self._bookmark.refresh
        if cycle is None or cycle.verified_since is None:
            return None
        return Point("gauge", RefreshMetric.AGE, cycle.age_seconds(self._now))  # type: ignore[arg-type]  # own metric

    def summary(self) -> str:
        """Return what a run's last sentence says of the refresh; empty where nothing was due."""
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
        """Return what a user must know of a refresh that does not get on."""
        cycle = self._bookmark.refresh
        most_seconds = MOST_CYCLES * self._settings.refresh_seconds
        if cycle is None or cycle.age_seconds(self._now) <= most_seconds:
            return None
        days = cycle.age_seconds(self._now) // _DAY_SECONDS
        return (
            f"Leads were last read again as a whole {days} days ago, which is more than twice `refresh_days`: what"
            " people had erased since may still be in your warehouse. Let a run end well, or raise `refresh_days`"
        )


def _date(unix_seconds: int) -> str:
    return to_rfc3339(unix_seconds)[:10]
