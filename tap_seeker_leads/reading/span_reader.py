"""Reads a span of an account's time: each of its leads once, and how far all of them have been read."""

from __future__ import annotations

import contextlib
import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from seeker_leads_api.contract import MAX_PERIOD_SECONDS
from seeker_leads_api.errors import FatalError, RequestRejectedError
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.progress import Progress
from tap_seeker_leads.reading.readers import PageRead, WindowRead, ask
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import FinishedPrefix, SeamFilter, Window, split
from tap_seeker_leads.state.api_clock import ApiClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from seeker_leads_api.client import ApiClient
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.last_pages import LastPages
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.state.refresh import Stretch


@dataclass(frozen=True, slots=True)
class AccountRun:
    """What all spans of one account share in a run: its client, and what is known about leads and windows."""

    settings: TapSettings
    client: ApiClient
    clock: Callable[[], float]
    hand_on: Callable[[PageRead | WindowRead], object]  #: passes an event to the main thread; may wait
    idle_readers: Callable[[], int]
    last_pages: LastPages  #: shared by all accounts, since they have the same server
    seams: SeamFilter = field(default_factory=SeamFilter)


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
        self._latest = end - 1 if is_bounded else None
        self._is_probe = is_probe
        self._run = run
        self._plan = WindowPlan(windows, run.last_pages, idle_readers=run.idle_readers)
        #: Ordered by the start of their windows; the numbers distinguish two paginators of the same window.
        self._between_pages: list[tuple[int, int, LeadsPaginator]] = []
        self._numbers = itertools.count()
        self._prefix = FinishedPrefix(start)
        self.progress = Progress(run.settings, end - start, clock=run.clock)
        self._skipped_items = self._altered_ids = self._early_leads = 0
        self.found_a_list = False  #: whether any answer was a list of leads, even an empty one
        self.last_lead: int | None = None  #: the latest ingestion date read so far, in Unix seconds

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
            response = ask(self._run.client, paginator, 1 if self._is_probe else self._run.settings.page_size)
        except RequestRejectedError:
            if not request.is_beyond:
                raise
            paginator.nothing_beyond()
        else:
            page = paginator.new_page(response)
            self._run.hand_on(PageRead(request.window, page, response.headers.get("Date")))
            if self._is_probe:
                self._window_read(request.window)
                return
            paginator.advance(response)
        if (following := paginator.current_value) is not None:
            heapq.heappush(self._between_pages, (following.window.start, next(self._numbers), paginator))

    def _window_read(self, window: Window) -> None:
        self._run.hand_on(WindowRead(window))

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

    def page_read(self, found: PageRead) -> list[dict[str, Any]] | None:
        """Return the records of a page that this run has not emitted yet, perhaps none; None for a probe.

        Raises:
            FatalError: no item of the page is a lead.
        """
        self.api_clock.note(found.date)
        self.found_a_list = self.found_a_list or found.page.has_list
        if self._is_probe:
            return None
        records = list(self._new_records(found.page, found.window))
        self.progress.page_read(len(records))
        return records

    def window_read(self, window: Window) -> bool:
        """Note that every page of a window was emitted; return whether `read_up_to` moved."""
        self.progress.window_read(window)
        return self._prefix.add(window)

    def news(self) -> str | None:
        """Return a line about the span so far, or None if the last line is recent."""
        line = self.progress.report(self._plan.total, self._prefix.end)
        return line if line is None or self._latest is None else f"Refresh: {line}"

    def summary(self) -> str:
        """Return the last line of a run that read everything."""
        return self.progress.summary(self._prefix.end)

    def doubts(self) -> Iterator[str]:
        """Yield warnings about a run that read everything."""
        if self._skipped_items:
            yield f"{self._skipped_items} items without a `leadId` were skipped: they cannot be stored"
        if self._altered_ids:
            yield (
                f"{self._altered_ids} items were skipped, since their `leadId` holds control characters or broken text:"
                " a corrected id might replace another lead. Please report them to the vendor"
            )
        if self._early_leads:
            yield (
                f"{self._early_leads} leads were skipped: their `ingestionDate` is before {to_rfc3339(self.start)}, and"
                " before the period that was requested"
            )
        # Some servers answer an unknown route exactly as the API answers an empty period. A single window may really be
        # empty, and so may the old windows of a refresh.
        if not self.found_a_list and self._plan.total > 1 and self._latest is None:
            yield (
                f"The API answered each of {self._plan.total} periods as empty, with a 404 or similar: either the"
                f" account had no leads from {to_rfc3339(self.start)} to {to_rfc3339(self.end)}, or `api_url` is wrong"
            )

    def _new_records(self, page: Page, window: Window) -> Iterator[dict[str, Any]]:
        """Yield the records of a page that this run has not emitted yet.

        Raises:
            FatalError: no item of the page is a lead, so to continue would mean to skip all of them.
        """
        if page.size > page.altered_ids and not page.leads:
            msg = f"GET /leads: none of the {page.size} items of a page has a `leadId`; the API may have changed"
            raise FatalError(msg)
        self._skipped_items += page.size - len(page.leads) - page.altered_ids
        self._altered_ids += page.altered_ids
        # A lead with a date after the end of the span has a wrong date, which must not become the last lead's.
        seconds = [lead.second for lead in page.leads if lead.second is not None and lead.second <= self.end]
        self.last_lead = max([*seconds, self.last_lead or 0]) or None
        for lead in page.leads:
            if lead.second is not None and lead.second < self.start:
                # A window also asks for the second before its start, see `Window`.
                self._early_leads += lead.second < window.min_date
            elif self._latest is not None and lead.second is not None and lead.second > self._latest:
                continue  # of the next span, which asks for this second too
            elif self._run.seams.passes(lead.lead_id, lead.second, window):
                yield lead.record
