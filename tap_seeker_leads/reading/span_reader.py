"""One run through a span of time: its leads, each once, and up to where they have all been read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from seeker_leads_api.contract import MAX_PERIOD_SECONDS
from seeker_leads_api.errors import FatalError
from tap_seeker_leads.leads.page import page_of
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.last_pages import LastPages
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.progress import Progress
from tap_seeker_leads.reading.readers import PageRead, WindowRead, WindowReaders, ask
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import FinishedPrefix, SeamFilter, Window, split
from tap_seeker_leads.state.api_clock import ApiClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from seeker_leads_api.client import ApiClient
    from seeker_leads_api.stopping import Stopping
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.readers import OpenPaginator
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.state.refresh import Stretch


@dataclass(frozen=True, slots=True)
class NewRecords:
    """The records of one answer that this run has not given yet; there may be none."""

    records: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """Every lead before this instant has been given."""

    unix_seconds: int


Event: TypeAlias = "NewRecords | ReadUpTo"


@dataclass(frozen=True, slots=True)
class Run:
    """What all spans of one run share: one limit, one order to stop, and what is known of leads and windows."""

    settings: TapSettings
    client: ApiClient
    stopping: Stopping
    clock: Callable[[], float]
    seams: SeamFilter = field(default_factory=SeamFilter)
    ends: LastPages = field(default_factory=LastPages)


class SpanReader:
    """Reads the leads that were ingested from `start` to `end`.

    Leads of `end` and after it come too, if the API gives them, unless `is_bounded`.
    """

    def __init__(self, run: Run, start: int, end: int, windows: Iterable[Window], *, is_bounded: bool = False) -> None:
        settings = run.settings
        self.start = start
        self.end = end
        self.api_clock = ApiClock()
        self._latest = end - 1 if is_bounded else None
        self._client = run.client
        self._plan = WindowPlan(windows, run.ends)
        self._readers = WindowReaders(
            self._plan,
            run.client,
            run.stopping,
            readers=settings.connection.max_concurrent_requests,
            page_size=settings.page_size,
        )
        self._prefix = FinishedPrefix(start)
        self._seams = run.seams
        self._progress = Progress(settings, end - start, clock=run.clock)
        self._skipped_items = self._altered_ids = self._early_leads = 0
        self.found_a_list = False  #: whether any answer was a list of leads, however short
        self.last_lead: int | None = None  #: the latest ingestion date read so far, in Unix seconds

    @classmethod
    def live(cls, run: Run, start: int) -> SpanReader:
        """Return the reader of what is new: from `start` to the settings' end."""
        end = run.settings.end
        return cls(run, start, end, split(start, end, run.settings.window_seconds))

    @classmethod
    def again(cls, run: Run, stretch: Stretch) -> SpanReader:
        """Return the reader of what is due again; it gives no lead that another reader of the run gave."""
        longest_seconds = run.settings.window_seconds
        windows = (window for start, end in stretch.pieces() for window in split(start, end, longest_seconds))
        return cls(run, stretch.start, stretch.end, windows, is_bounded=True)

    def new_paginator(self) -> LeadsPaginator:
        """Return one reader's way through the windows; waits where no window is free yet."""
        return LeadsPaginator(self._plan, limiter=self._client.limiter, on_window_read=self._readers.window_read)

    def stop(self, signal_number: int) -> None:
        """End the reading from within a signal handler; `events` raises StoppedError for it."""
        self._readers.stop(signal_number)

    def events(self, open_paginator: OpenPaginator) -> Iterator[Event]:
        """Yield each page's records as soon as it is read, and each instant up to which all leads were given.

        Raises:
            SeekerLeadsError: the reading had to end; what was yielded before counts.
        """
        for event in self._readers.events(open_paginator):
            match event:
                case PageRead(window, page, date):
                    self.api_clock.note(date)
                    self.found_a_list = self.found_a_list or page.has_list
                    records = list(self._new_records(page, window))
                    self._progress.page_read(len(records))
                    yield NewRecords(records)
                case WindowRead(window):
                    self._progress.window_read(window)
                    if self._prefix.add(window):
                        yield ReadUpTo(self._prefix.end)

    def lists_leads_before(self, instant: int) -> bool:
        """Return whether the API answers with a list for the seven days that end just after an instant."""
        window = Window(instant + 2 - MAX_PERIOD_SECONDS, instant + 1)
        paginator = LeadsPaginator(
            WindowPlan([window]), limiter=self._client.limiter, on_window_read=self._readers.window_read
        )
        return page_of(ask(self._client, paginator, page_size=1)).has_list

    def progress(self) -> str | None:
        """Return a line about the run so far, or None where the last one is recent."""
        line = self._progress.report(self._plan.total, self._prefix.end)
        return line if line is None or self._latest is None else f"Refresh: {line}"

    def summary(self) -> str:
        """Return the line that ends a run which read everything."""
        return self._progress.summary(self._prefix.end)

    def doubts(self) -> Iterator[str]:
        """Yield what a user should know about a run that read everything."""
        if self._skipped_items:
            yield f"{self._skipped_items} items without a `leadId` were skipped: they cannot be stored"
        if self._altered_ids:
            yield (
                f"{self._altered_ids} items were skipped, since their `leadId` holds control characters or broken text:"
                " with another id, they might take another lead's place. Please report them to the vendor"
            )
        if self._early_leads:
            yield (
                f"{self._early_leads} leads were skipped: their `ingestionDate` is before {to_rfc3339(self.start)}, and"
                " before the period that the API gave them for"
            )
        # Some servers answer an unknown route just as the API answers an empty period. A single window may well be one,
        # and so may old ones that are read again.
        if not self.found_a_list and self._plan.total > 1 and self._latest is None:
            yield (
                f"Each of {self._plan.total} periods was answered as empty, with a 404 or the like: either the account"
                f" had no leads from {to_rfc3339(self.start)} to {to_rfc3339(self.end)}, or `api_url` is wrong"
            )

    def _new_records(self, page: Page, window: Window) -> Iterator[dict[str, Any]]:
        """Yield the records of a page that this run has not given yet.

        Raises:
            FatalError: not one item of the page is a lead, so that going on would pass over all of them.
        """
        if page.size > page.altered_ids and not page.leads:
            msg = f"GET /leads: none of the {page.size} items of a page has a `leadId`; the API may have changed"
            raise FatalError(msg)
        self._skipped_items += page.size - len(page.leads) - page.altered_ids
        self._altered_ids += page.altered_ids
        # A lead that is dated later than anything can be proves nothing about when the API has one.
        seconds = [lead.second for lead in page.leads if lead.second is not None and lead.second <= self.end]
        self.last_lead = max([*seconds, self.last_lead or 0]) or None
        for lead in page.leads:
            if lead.second is not None and lead.second < self.start:
                # Of the second before its start a window asks for too, see `Window`.
                self._early_leads += lead.second < window.min_date
            elif self._latest is not None and lead.second is not None and lead.second > self._latest:
                continue  # another span's, which asks for the edge's second too
            elif self._seams.passes(lead.lead_id, lead.second, window):
                yield lead.record
