"""Pagination through an account: from window to window, and through each window with a cursor."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from singer_sdk.pagination import BaseAPIPaginator

from seeker_leads_api.errors import FatalError
from tap_seeker_leads.leads.page import page_of
from tap_seeker_leads.reading.page_request import PageRequest
from tap_seeker_leads.reading.pages_of_window import PagesOfWindow
from tap_seeker_leads.reading.windows import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from seeker_leads_api.http.rate_limiter import Limiter
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.window_plan import WindowPlan
    from tap_seeker_leads.reading.windows import Window


class LeadsPaginator(BaseAPIPaginator[PageRequest | None]):
    """Guides one reader through the pages of a window, and from window to window until none is left.

    Every try of a request, retries included, goes through `attempt`, which takes a permit from the limiter.

    Readers share the plan, the limiter, and what the run knows about the end of a window, see `LastPages`. A dense
    window is cut when other readers are idle: this reader keeps the first part and its cursor. `on_window_read` is
    called when the last page of a window has been passed on, before the next request.
    """

    def __init__(self, plan: WindowPlan, *, limiter: Limiter, on_window_read: Callable[[Window], object]) -> None:
        super().__init__(None)
        self._plan = plan
        self._ends = plan.ends
        self._limiter = limiter
        self._on_window_read = on_window_read
        self._open_next_window()

    @contextmanager
    def attempt(self) -> Iterator[PageRequest]:
        """Yield the page to request once the limit allows it; the permit is held until the context ends.

        Raises:
            ValueError: no page is left to request.
        """
        if self._value is None:
            msg = "no page is left to request"
            raise ValueError(msg)
        with self._limiter.attempt():
            yield self._value

    def new_page(self, response: requests.Response) -> Page:
        """Return the page of an answer; after a page that may be the last, without leads that were already given."""
        page = page_of(response)
        if self._value is None or not self._value.is_end_check:
            return page
        leads = [lead for lead in page.leads if lead.lead_id not in self._trail.emitted_ids]
        return replace(page, leads=leads, size=len(leads), altered_ids=0)

    def advance(self, response: requests.Response) -> None:
        """Move past a page that has been passed on.

        Raises:
            FatalError: the cursors are missing, repeat or never end, or leads are missing; the window stays unread.
        """
        self._page_count += 1
        following = self.get_next(response)
        if following is not None:
            self._value = following
        else:
            self._finish_window()

    def end_confirmed(self) -> None:
        """Move past a page that the API refused, as it may behind the last lead of a window.

        Raises:
            FatalError: leads of the window are missing.
        """
        self._end_window()
        self._finish_window()

    def get_next(self, response: requests.Response) -> PageRequest | None:
        """Return the next page of the same window, or None after its last page.

        Raises:
            FatalError: as for `advance`.
        """
        page, request, trail = self.new_page(response), self._value, self._trail
        if request is None:
            return None
        self._ends.note(page)
        if request.is_end_check:
            if page.leads:
                self._ends.note_leads_behind()
            elif not page.announced:
                self._end_window()
                return None
        trail.add(page, keep_ids=not self._ends.are_shown)
        cursor = page.next_cursor
        # A server may send a link with every page: nothing follows an empty page that links to itself.
        if cursor is None or (cursor in trail.cursors and not page.size and not page.announced):
            return self._check_end(page, request.window)
        trail.follow(cursor, page)
        window = request.window if request.is_end_check else self._cut_for_idle_readers(request.window)
        if window != request.window:
            trail.counted = None  # it also counts leads of the parts that were cut off
        # All the leads that were announced for the whole window may be in the parts that were cut off.
        trail.is_announced = page.announced and window == request.window
        return PageRequest(window, cursor, is_end_check=request.is_end_check and not page.announced)

    def _check_end(self, page: Page, window: Window) -> PageRequest | None:
        """Return the request after a page that gives no sign of another, or None if that page is the last."""
        trail = self._trail
        if not page.size and trail.is_announced:
            # So the period is not empty. The lead at the cursor may have been erased between the two requests.
            msg = "GET /leads returned no leads for a page that it announced: run again to read the window again"
            raise FatalError(msg)
        cursor = page.leads[-1].lead_id if page.leads else None
        if cursor is None or cursor in trail.cursors:
            trail.end()
            return None
        trail.follow(cursor, page)
        if self._ends.is_last(page) and not trail.is_short():
            return None
        trail.last_size = page.size
        return PageRequest(window, cursor, is_end_check=True)

    def _end_window(self) -> None:
        """Note that nothing follows the last page of the window.

        Raises:
            FatalError: leads of the window are missing.
        """
        self._trail.end()
        self._ends.note_nothing_behind(self._trail.last_size)

    def _cut_for_idle_readers(self, window: Window) -> Window:
        idle, trail = self._plan.idle_readers(), self._trail
        # Without usable dates, each part might hold the same leads again, and would be cut again.
        if not idle or trail.latest <= window.start:
            return window
        mine, *others = cut(window, trail.latest, len(trail.cursors), idle + 1)
        self._plan.add(others)
        return mine

    def _finish_window(self) -> None:
        if self._value is not None:
            self._on_window_read(self._value.window)
            self._open_next_window()

    def _open_next_window(self) -> None:
        window = self._plan.take()
        self._trail = PagesOfWindow(latest=0 if window is None else window.start)
        self._value = None if window is None else PageRequest(window)
        self._finished = window is None
