"""Which periods to ask the API for: pure arithmetic on whole Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from seeker_leads_api.contract import MAX_PERIOD_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator


#: A part of a dense window should hold so many pages, for each costs a last page that is not full.
PAGES_A_PART = 2.0


@dataclass(frozen=True, slots=True)
class Window:
    """The leads ingested at `start` or later and before `end`.

    Whether the API's bounds are inclusive is not known [?], so it is asked for one second more on the left: then even
    exclusive bounds give every lead of the window, and inclusive ones give leads of the neighbours' edge seconds too.
    """

    start: int
    end: int

    @property
    def min_date(self) -> int:
        """What to ask as `minDate`."""
        return max(self.start - 1, 0)

    @property
    def max_date(self) -> int:
        """What to ask as `maxDate`."""
        return self.end

    def shares(self, second: int) -> bool:
        """Tell whether a neighbouring window may give a lead of that second too."""
        return second <= self.start or second >= self.end - 1


def split(start: int, end: int, longest_seconds: int = MAX_PERIOD_SECONDS) -> Iterator[Window]:
    """Cut the span from `start` to `end` into windows whose requests ask for at most `longest_seconds`.

    The windows follow each other without gap or overlap; an empty or negative span has none.
    """
    step = longest_seconds - 1  # one second goes to the left edge
    while start < end:
        window = Window(start, min(start + step, end))
        yield window
        start = window.end


def cut(window: Window, latest: int, pages_read: int, most_parts: int) -> list[Window]:
    """Cut the part of a dense window that lies after `latest`, the latest second of a lead read so far.

    The first part goes on where the window's reader is; the others are to be read anew, from their start. So no lead
    is passed over, whatever the order in which the API gives them: the cursor is a place in that order, and the first
    part's further pages hold every lead of it that was not read. And none is read twice, since all that was read lies
    before the first cut and its seam.

    Returns the window alone where cutting would not pay: each part should be worth `PAGES_A_PART` pages, as far as
    those read so far let one guess.
    """
    first_cut = latest + 2  # a request asks for one second before its window
    rest_seconds = window.end - first_cut
    if rest_seconds <= 0:
        return [window]
    rest_pages = pages_read * rest_seconds / max(latest - window.start, 1)
    parts = min(most_parts, int(rest_pages / PAGES_A_PART), rest_seconds)
    if parts < 2:  # noqa: PLR2004  # one part is no cut
        return [window]
    edges = [window.start, *(first_cut + rest_seconds * part // parts for part in range(1, parts)), window.end]
    return [Window(start, end) for start, end in pairwise(edges)]


class FinishedPrefix:
    """Up to where everything is read: the end of the longest run of finished windows from the start of the span.

    Windows may finish in any order; together they cover the span.
    """

    def __init__(self, start: int) -> None:
        self.end = start
        self._waiting: dict[int, int] = {}

    def add(self, window: Window) -> bool:
        """Note a window as read to its end; return whether the prefix grew."""
        self._waiting[window.start] = window.end
        before = self.end
        while self.end in self._waiting:
            self.end = self._waiting.pop(self.end)
        return self.end > before


class SeamFilter:
    """Lets each lead of a second that two windows share pass once; holds no more than the leads of those seconds."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def passes(self, lead_id: str, second: int | None, window: Window) -> bool:
        """Tell whether to emit the lead. One without a date may be on any second."""
        if second is not None and not window.shares(second):
            return True
        if lead_id in self._seen:
            return False
        self._seen.add(lead_id)
        return True
