"""The chart of leads by day and portal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import msgspec

from seeker_leads_sandbox.data.store import Period
from seeker_leads_sandbox.web.chart import Bar, Part, bars, key
from seeker_leads_sandbox.web.markup import Markup, join, tag
from seeker_leads_sandbox.web.portals import SERIES, series_of
from seeker_leads_sandbox.web.times import day_name

if TYPE_CHECKING:
    from datetime import date

    from seeker_leads_sandbox.data.store import Entry, LeadStore

DAYS = 30
_SECONDS_PER_DAY = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Day:
    """The number of leads of each series on one day (UTC)."""

    day: date
    counts: Counter[int]


class DayCounts:
    """Counts leads by day; a day is decoded again only when one of its leads has changed."""

    def __init__(self, store: LeadStore) -> None:
        self._store = store
        self._known: dict[int, tuple[list[Entry], Counter[int]]] = {}

    def days(self, now: int) -> list[Day]:
        """Return the last 30 days, today last."""
        today = now // _SECONDS_PER_DAY
        wanted = range(today - DAYS + 1, today + 1)
        self._known = {number: self._day(number) for number in wanted}
        return [
            Day(datetime.fromtimestamp(number * _SECONDS_PER_DAY, tz=timezone.utc).date(), self._known[number][1])
            for number in wanted
        ]

    def _day(self, number: int) -> tuple[list[Entry], Counter[int]]:
        first_second = number * _SECONDS_PER_DAY
        entries = self._store.entries(Period(first_second, first_second + _SECONDS_PER_DAY))
        known = self._known.get(number)
        # Unchanged entries are the same objects, so this comparison is cheap.
        if known is not None and known[0] == entries:
            return known
        return entries, Counter(series_of(_portal(body)) for _, _, body in entries)


class _Metadata(msgspec.Struct):
    portal: Any = None


class _Lead(msgspec.Struct):
    metadata: _Metadata


_DECODER = msgspec.json.Decoder(_Lead)


def _portal(body: bytes) -> object:
    return _DECODER.decode(body).metadata.portal


def day_chart(days: list[Day]) -> Markup:
    """Return the chart, its legend and a table with the same figures."""
    total = sum(day.counts.total() for day in days)
    shown = [index for index in range(len(SERIES)) if any(day.counts[index] for day in days)]
    if not total:
        return tag("p", f"No lead of the last {DAYS} days. Press “25 leads” to add some today.", class_="empty")
    most = max(days, key=lambda day: day.counts.total())
    summary = (
        f"{total:,} leads in the last {DAYS} days; most on {day_name(most.day)}: {most.counts.total():,}; "
        f"today: {days[-1].counts.total():,}."
    )
    columns = [
        Bar(_words(day), tuple(Part(f"portal-{index}", day.counts[index]) for index in shown), day_name(day.day))
        for day in days
    ]
    labels = [SERIES[index] for index in shown]
    return join(
        bars(columns, summary),
        key([(f"portal-{index}", SERIES[index]) for index in shown]),
        _table(days, shown, labels),
    )


def _words(day: Day) -> str:
    parts = ", ".join(f"{SERIES[index]} {day.counts[index]:,}" for index in range(len(SERIES)) if day.counts[index])
    return f"{day_name(day.day)}: {day.counts.total():,}" + (f" ({parts})" if parts else "")


def _table(days: list[Day], shown: list[int], labels: list[str]) -> Markup:
    heading = tag("tr", [tag("th", name, scope="col") for name in ("Day", "All", *labels)])
    rows = [
        tag(
            "tr",
            tag("th", day_name(day.day), scope="row"),
            [tag("td", f"{count:,}") for count in (day.counts.total(), *(day.counts[index] for index in shown))],
        )
        for day in reversed(days)
    ]
    table = tag("table", tag("thead", heading), tag("tbody", rows), class_="figures")
    scroll = tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Leads by day and portal")
    return tag("details", tag("summary", "Show as a table"), scroll, id="days-table")
