"""How a run's server shows the end of a window: learned from its pages, shared by all readers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_seeker_leads.leads.page import Page


class LastPages:
    """Whether a page that gives no sign of another is the last one of its window; for any number of threads.

    A link or a 206 anywhere in the run shows that this server tells where a window goes on. Until then a page may be
    short because the server caps it, or hides a lead from it. So a reader asks for what is behind a page, unless
    nothing was behind a larger page of this run, which is then below any cap. If leads come, every window goes on
    until an answer brings none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._proved_size = 0  # of the largest page with nothing behind it
        self._shows_more = False
        self._hides_more = False

    @property
    def are_shown(self) -> bool:
        """Whether this server is known to show that a window goes on."""
        return self._shows_more and not self._hides_more

    def note(self, page: Page) -> None:
        """Learn from a page: a link or a 206 shows how this server tells that there is more."""
        if page.is_linked or page.announced:
            self._shows_more = True

    def note_nothing_behind(self, page_size: int) -> None:
        """Learn that nothing was behind a page of this size that gave no sign of another."""
        with self._lock:
            self._proved_size = max(self._proved_size, page_size)

    def note_leads_behind(self) -> None:
        """Learn that leads were behind a page that gave no sign of them."""
        self._hides_more = True

    def is_last(self, page: Page) -> bool:
        """Return whether nothing follows a page that gave no sign of another."""
        return self.are_shown or (not self._hides_more and page.size < self._proved_size)
