"""Which periods to request from the API: pure arithmetic on whole Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seeker_leads_api.contract import MAX_PERIOD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator


#: The fewest pages that a part of a dense window should have, since each part costs a last page that is not full.
PAGES_A_PART = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """The leads ingested at `start` or later and before `end`.

    It is not known whether the API's bounds are inclusive, so the request begins one second earlier. Then even
    exclusive bounds return every lead of the window; inclusive ones also return leads of the neighbours' edge seconds.
    """

    start: int
    end: int

    @property
    def min_date(self) -> int:
        """The request's `minDate`."""
        return max(self.start - 1, 0)

    @property
    def max_date(self) -> int:
        """The request's `maxDate`."""
        return self.end

    def shares(self, second: int) -> bool:
        """Return whether a neighbouring window may return a lead of that second too."""
        return second <= self.start or second >= self.end - 1


def split(start: int, end: int, longest_seconds: int = MAX_PERIOD_SECONDS) -> Iterator[Window]:
    """Cut the span from `start` to `end` into windows whose requests ask for at most `longest_seconds`.

    The windows follow each other without gap or overlap; an empty or negative span has no windows.
    """
    step = longest_seconds - 1  # one second goes to the left edge
    while start < end:
        window = Window(start, min(start + step, end))
        yield window
        start = window.end


def cut(window: Window, latest: int, pages_read: int, max_parts: int) -> list[Window]:
    """Cut the part of a dense window after `latest`, the latest second of a lead read so far.

    The window's reader continues in the first part; the other parts are read from their start. No lead is missed,
    whatever the order in which the API returns them: the cursor is a place in that order, and the further pages of the
    first part hold each of its leads that was not read. No lead is read twice, since all that was read lies before the
    first cut and its seam.

    Returns the window uncut if the parts would be too small: each should have about `PAGES_A_PART` pages, as estimated
    from the pages read so far.
    """
    first_cut = latest + 2  # a request asks for one second before its window
    rest_seconds = window.end - first_cut
    rest_pages = pages_read * rest_seconds / max(latest - window.start, 1)
    parts = min(max_parts, int(rest_pages / PAGES_A_PART), rest_seconds)
    cuts = [first_cut + rest_seconds * part // parts for part in range(1, parts)]  # none if less than two parts
    return [Window(start, end) for start, end in pairwise([window.start, *cuts, window.end])]


class FinishedPrefix:
    """How far everything is read: the end of the longest run of finished windows from the start of the span.

    Windows may finish in any order; together they cover the span.
    """

    def __init__(self, start: int) -> None:
        self.end = start
        self._waiting: dict[int, int] = {}

    def add(self, window: Window) -> bool:
        """Note that a window was read to the end; return whether the prefix grew."""
        self._waiting[window.start] = window.end
        before = self.end
        while self.end in self._waiting:
            self.end = self._waiting.pop(self.end)
        return self.end > before


class SeamFilter:
    """Lets each lead of a second that two windows share pass once; stores the ids of leads of those seconds only."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def passes(self, lead_id: str, second: int | None, window: Window) -> bool:
        """Return whether to emit the lead; a lead without a date may belong to any second."""
        if second is not None and not window.shares(second):
            return True
        if lead_id in self._seen:
            return False
        self._seen.add(lead_id)
        return True
