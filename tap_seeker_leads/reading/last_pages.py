"""How the server shows the end of a window: learned from its pages, and shared by all readers of a run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_seeker_leads.leads.page import Page


class LastPages:
    """Decides whether a page without a sign of another is the last of its window; thread-safe.

    A link or a 206 anywhere in the run shows that this server says when a window continues. Until then, a page may be
    short because the server caps it or omits a lead. So a reader asks for the page after it, unless nothing followed a
    larger page of this run: then the page is below any cap. If leads do follow, every window is read on until an
    answer has none.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._proved_size = 0  # size of the largest page that nothing followed
        self._shows_more = False
        self._hides_more = False

    @property
    def are_shown(self) -> bool:
        """Whether this server is known to say when a window continues."""
        return self._shows_more and not self._hides_more

    def note(self, page: Page) -> None:
        """Learn from a page: a link or a 206 shows how this server says that there is more."""
        if page.is_linked or page.announced:
            self._shows_more = True

    def note_nothing_behind(self, page_size: int) -> None:
        """Learn that nothing followed a page of this size that gave no sign of another."""
        with self._lock:
            self._proved_size = max(self._proved_size, page_size)

    def note_leads_behind(self) -> None:
        """Learn that leads followed a page that gave no sign of them."""
        self._hides_more = True

    def is_last(self, page: Page) -> bool:
        """Return whether nothing follows a page that gave no sign of another."""
        return self.are_shown or (not self._hides_more and page.size < self._proved_size)
