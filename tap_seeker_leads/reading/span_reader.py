"""Reads a span of an account's time: each of its leads once, and how far all of them have been read."""

from __future__ import annotations

import contextlib
import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_api.contract import MAX_PERIOD_SECONDS
from seeker_leads_api.errors import RequestRejectedError
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.events import PageRead, WindowRead
from tap_seeker_leads.reading.fetching import fetch_page
from tap_seeker_leads.reading.new_records import NewRecords
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.progress import Progress
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import FinishedPrefix, Window, split
from tap_seeker_leads.state.api_clock import ApiClock

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_seeker_leads.reading.account_run import AccountRun
    from tap_seeker_leads.state.refresh import Stretch


@dataclass(frozen=True, slots=True)
class PageTurn:
    """A page to request."""

    span: SpanReader
    paginator: LeadsPaginator

    def read(self) -> None:
        """Request the page, and pass it on.

        Raises:
            SeekerLeadsError: there is no answer, or none that makes sense.
        """
        self.span.read_page(self.paginator)


class SpanReader:
    """Reads the leads that were ingested from `start` to `end`.

    Leads at or after `end` are included if the API returns them, unless `is_bounded`. With `is_probe`, only the first
    lead of a window is requested, to see whether the API lists any.
    """

    def __init__(  # noqa: PLR0913  # two of them have defaults that most readers keep
        self,
        run: AccountRun,
        start: int,
        end: int,
        windows: Iterable[Window],
        *,
        is_bounded: bool = False,
        is_probe: bool = False,
    ) -> None:
        self.start = start
        self.end = end
        self.api_clock = ApiClock()
        self._is_bounded = is_bounded
        self._is_probe = is_probe
        self._run = run
        self._plan = WindowPlan(windows, run.last_pages, idle_readers=run.idle_readers)
        #: Ordered by the start of their windows; the numbers distinguish two paginators of the same window.
        self._between_pages: list[tuple[int, int, LeadsPaginator]] = []
        self._numbers = itertools.count()
        self._prefix = FinishedPrefix(start)
        self.progress = Progress(run.settings, end - start, clock=run.clock)
        self._new_records = NewRecords(start, end, run.seams, is_bounded=is_bounded)
        self.found_a_list = False  #: whether any answer was a list of leads, even an empty one

    @classmethod
    def live(cls, run: AccountRun, start: int) -> SpanReader:
        """Return the reader of new leads: from `start` to the end that the settings give."""
        end = run.settings.end
        return cls(run, start, end, split(start, end, run.settings.window_seconds))

    @classmethod
    def again(cls, run: AccountRun, stretch: Stretch) -> SpanReader:
        """Return the reader of a stretch of the refresh; it emits no lead that another reader of the run emitted."""
        longest_seconds = run.settings.window_seconds
        windows = (window for start, end in stretch.pieces() for window in split(start, end, longest_seconds))
        return cls(run, stretch.start, stretch.end, windows, is_bounded=True)

    @classmethod
    def probe(cls, run: AccountRun, instant: int) -> SpanReader:
        """Return the reader that checks whether the API lists leads of the seven days up to an instant, inclusive."""
        window = Window(instant + 2 - MAX_PERIOD_SECONDS, instant + 1)
        return cls(run, window.start, window.end, [window], is_probe=True)

    # For the pool's readers

    def turns(self) -> int:
        """Return how many pages could be requested now."""
        return len(self._plan) + len(self._between_pages)

    def take(self) -> PageTurn | None:
        """Return one of them, or None.

        Windows that were begun go first, the earliest of them before the others: the bookmark is the end of the
        finished prefix.
        """
        with contextlib.suppress(IndexError):
            return PageTurn(self, heapq.heappop(self._between_pages)[-1])
        paginator = self.new_paginator()
        return None if paginator.finished else PageTurn(self, paginator)

    def new_paginator(self) -> LeadsPaginator:
        """Return a paginator over the windows that are left."""
        return LeadsPaginator(self._plan, limiter=self._run.client.limiter, on_window_read=self._window_read)

    def read_page(self, paginator: LeadsPaginator) -> None:
        """Request a paginator's page and pass it on.

        Raises:
            SeekerLeadsError: there is no answer, or none that makes sense.
        """
        request = paginator.current_value
        if request is None:
            return
        try:
            response = fetch_page(self._run.client, paginator, 1 if self._is_probe else self._run.settings.page_size)
        except RequestRejectedError:
            if not request.is_end_check:
                raise
            paginator.end_confirmed()
        else:
            page = paginator.new_page(response)
            self._run.send_event(PageRead(request.window, page, response.headers.get("Date")))
            if self._is_probe:
                self._window_read(request.window)
                return
            paginator.advance(response)
        if (following := paginator.current_value) is not None:
            heapq.heappush(self._between_pages, (following.window.start, next(self._numbers), paginator))

    def _window_read(self, window: Window) -> None:
        self._run.send_event(WindowRead(window))

    def close(self) -> None:
        """Make no further request."""
        self._plan.close()
        self._between_pages.clear()

    # For the main thread

    @property
    def is_read(self) -> bool:
        """Whether every lead was emitted."""
        return self._prefix.end >= self.end

    @property
    def read_up_to(self) -> int:
        """The instant before which every lead was emitted."""
        return self._prefix.end

    @property
    def last_lead(self) -> int | None:
        """The latest ingestion date read so far, in Unix seconds."""
        return self._new_records.last_lead

    def page_read(self, found: PageRead) -> list[dict[str, Any]] | None:
        """Return the records of a page that this run has not emitted yet, perhaps none; None for a probe.

        Raises:
            FatalError: no item of the page is a lead.
        """
        self.api_clock.note(found.date)
        self.found_a_list = self.found_a_list or found.page.has_list
        if self._is_probe:
            return None
        records = list(self._new_records.of(found.page, found.window))
        self.progress.page_read(len(records))
        return records

    def window_read(self, window: Window) -> bool:
        """Note that every page of a window was emitted; return whether `read_up_to` moved."""
        self.progress.window_read(window)
        return self._prefix.add(window)

    def news(self) -> str | None:
        """Return a line about the span so far, or None if the last line is recent."""
        line = self.progress.report(self._plan.total, self._prefix.end)
        return f"Refresh: {line}" if line and self._is_bounded else line

    def summary(self) -> str:
        """Return the last line of a run that read everything."""
        return self.progress.summary(self._prefix.end)

    def warnings(self) -> Iterator[str]:
        """Yield warnings about a run that read everything."""
        yield from self._new_records.warnings()
        # Some servers answer an unknown route exactly as the API answers an empty period. A single window may really be
        # empty, and so may the old windows of a refresh.
        if not self.found_a_list and self._plan.total > 1 and not self._is_bounded:
            yield (
                f"The API answered each of {self._plan.total} periods as empty, with a 404 or similar: either the"
                f" account had no leads from {to_rfc3339(self.start)} to {to_rfc3339(self.end)}, or `api_url` is wrong"
            )
