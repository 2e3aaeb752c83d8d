"""The way through the account: from window to window, and with a cursor through each."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from singer_sdk.pagination import BaseAPIPaginator

from seeker_leads_api.errors import FatalError
from tap_seeker_leads.leads.page import page_of
from tap_seeker_leads.reading.windows import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from seeker_leads_api.http.rate_limiter import RateLimiter
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.window_plan import WindowPlan
    from tap_seeker_leads.reading.windows import Window


#: A window that leads on through more pages than this never ends: ten million leads of one week, in full pages.
MOST_PAGES_A_WINDOW = 100_000
#: So many pages of one window may begin as another one did, or hold nothing, before it counts as a circle.
MOST_IDLE_PAGES = 100


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page to ask for."""

    window: Window
    cursor: str | None = None  #: the lead after which the page starts; None for the first page

    def query(self, page_size: int) -> dict[str, object]:
        """Return the query of `GET /leads`."""
        query: dict[str, object] = {
            "minDate": self.window.min_date,
            "maxDate": self.window.max_date,
            "limit": page_size,
        }
        return query if self.cursor is None else {**query, "start": self.cursor}


class LeadsPaginator(BaseAPIPaginator[PageRequest | None]):
    """Takes one reader from page to page through a window, and from window to window; finished when none is left.

    `attempt` is the way to a request: every try takes its permit from the limiter there, retries included.

    Readers share plan and limiter. A dense window is cut when others are idle: this reader keeps its first part, and
    its cursor. `on_window_read` is called when the last page of a window has been handed on, before the next request.
    """

    def __init__(self, plan: WindowPlan, *, limiter: RateLimiter, on_window_read: Callable[[Window], object]) -> None:
        super().__init__(None)
        self._plan = plan
        self._limiter = limiter
        self._cursors: set[str] = set()
        self._first_leads: set[str] = set()
        self._idle_pages = 0
        self._is_announced = False
        self._latest = 0
        self._on_window_read = on_window_read
        self._open_next_window()

    @contextmanager
    def attempt(self) -> Iterator[PageRequest]:
        """Give the page to ask for once the limit allows; the permit is held until the context ends.

        Raises:
            ValueError: nothing is left to ask for.
        """
        if self._value is None:
            msg = "there is no page left to ask for"
            raise ValueError(msg)
        with self._limiter.attempt():
            yield self._value

    def advance(self, response: requests.Response) -> None:
        """Move on past a page that has been handed on; may wait for another reader to cut its window.

        Raises:
            FatalError: the cursor leads nowhere, in a circle or on without end; the window counts as unread.
        """
        self._page_count += 1
        following = self.get_next(response)
        if following is not None:
            self._value = following
        elif self._value is not None:
            self._on_window_read(self._value.window)
            self._plan.finish()
            self._open_next_window()

    def get_next(self, response: requests.Response) -> PageRequest | None:
        """Return the next page of the same window, or None after its last.

        Raises:
            FatalError: as `advance`.
        """
        page, request = page_of(response), self.current_value
        if not page.has_list and self._is_announced:
            # Not an empty period, then. The lead under the cursor may have been erased between the two requests.
            msg = "GET /leads has no leads for a page that it had announced: run again to read this window anew"
            raise FatalError(msg)
        if page.next_cursor is None or request is None:
            return None
        if page.next_cursor in self._cursors:
            if not page.size and not page.announced:
                return None  # from a server that gives a link with every page [?]: nothing follows this one
            msg = "GET /leads leads in a circle: it gave the same cursor twice within one window"
            raise FatalError(msg)
        self._cursors.add(page.next_cursor)
        self._refuse_endless(page)
        self._latest = max([self._latest, *(lead.second for lead in page.leads if lead.second is not None)])
        window = self._cut_for_idle_readers(request.window)
        # What was announced for the whole window may all lie in the parts that were cut off.
        self._is_announced = page.announced and window == request.window
        return PageRequest(window, page.next_cursor)

    def _refuse_endless(self, page: Page) -> None:
        # New cursors may lead on for ever all the same: to what was read before, to nothing, or to ever more leads.
        first_lead = page.leads[0].lead_id if page.leads else None
        if first_lead is None or first_lead in self._first_leads:
            self._idle_pages += 1
        else:
            self._first_leads.add(first_lead)
        if self._idle_pages > MOST_IDLE_PAGES or len(self._cursors) > MOST_PAGES_A_WINDOW:
            msg = f"GET /leads leads on without end: {len(self._cursors)} pages within one window"
            raise FatalError(msg)

    def _cut_for_idle_readers(self, window: Window) -> Window:
        idle = self._plan.idle_readers()
        # Without a date to go by, each part might hold the same leads again, and would be cut again.
        if not idle or self._latest <= window.start:
            return window
        mine, *others = cut(window, self._latest, len(self._cursors), idle + 1)
        if others:
            self._plan.add(others)
        return mine

    def _open_next_window(self) -> None:
        window = self._plan.take()
        self._cursors.clear()
        self._first_leads.clear()
        self._idle_pages = 0
        self._is_announced = False
        self._latest = 0 if window is None else window.start
        self._value = None if window is None else PageRequest(window)
        self._finished = window is None
