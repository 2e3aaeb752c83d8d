"""The way through the account: windows, the cursor within one, and the limit on requests, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from singer_sdk.pagination import BaseAPIPaginator

from seeker_leads_api.errors import FatalError
from tap_seeker_leads.page import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from seeker_leads_api.rate_limiter import RateLimiter
    from tap_seeker_leads.windows import Window


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page to ask for."""

    window: Window
    cursor: str | None = None  #: the lead after which the page starts; None for the first page


class LeadsPaginator(BaseAPIPaginator[PageRequest | None]):
    """Leads from page to page through a window, and from window to window; finished when none is left.

    `on_window_read` is called when every record of a window has been handed on, before the next request.
    The limiter's permits are for each attempt at a request, not for each page.
    """

    def __init__(
        self,
        windows: Iterator[Window],
        limiter: RateLimiter,
        on_window_read: Callable[[Window], object],
    ) -> None:
        super().__init__(None)
        self.limiter = limiter
        self._windows = windows
        self._on_window_read = on_window_read
        self._cursors: set[str] = set()
        self._is_announced = False
        self._open_next_window()

    def continue_if_empty(self, response: requests.Response) -> bool:  # noqa: ARG002  # the SDK's
        """Go on after an empty page: a quiet week says nothing about the next one."""
        return True

    def get_next(self, response: requests.Response) -> PageRequest | None:
        """Return the next page of the window, or the first of the next window.

        Raises:
            FatalError: the cursor leads nowhere or in a circle; the window counts as unread.
        """
        page, request = page_of(response), self.current_value
        if request is None:
            return None
        if page.is_not_found and self._is_announced:
            # Not an empty period, then. The lead under the cursor may have been erased between the two requests.
            msg = "GET /leads answered 404 to a page that it had announced: run again to read this window anew"
            raise FatalError(msg)
        if page.next_cursor is None:
            self._on_window_read(request.window)
            self._open_next_window()
            return self.current_value
        if page.next_cursor in self._cursors:
            msg = "GET /leads leads in a circle: it gave the same cursor twice within one window"
            raise FatalError(msg)
        self._cursors.add(page.next_cursor)
        self._is_announced = page.announced
        return PageRequest(request.window, page.next_cursor)

    def advance(self, response: requests.Response) -> None:
        """Move on past a page whose records have all been handed on."""
        self._page_count += 1
        self._value = self.get_next(response)
        self._finished = self._value is None

    def _open_next_window(self) -> None:
        window = next(self._windows, None)
        self._cursors.clear()
        self._is_announced = False
        self._value = None if window is None else PageRequest(window)
        self._finished = window is None
