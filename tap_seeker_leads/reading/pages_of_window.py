"""The pages of one window so far; detects cursors that repeat or never end: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError

if TYPE_CHECKING:
    from tap_seeker_leads.leads.page import Page

#: A window with more pages than this counts as endless: full pages would hold ten million leads of one week.
MAX_PAGES_PER_WINDOW = 100_000
#: This many pages of a window may be empty, or begin with a lead that began another page, before it counts as endless.
MAX_IDLE_PAGES = 100


@dataclass
class PagesOfWindow:
    """The pages of one window up to now."""

    latest: int  #: the latest ingestion second of a lead
    is_announced: bool = False  #: the API said that there is a next page
    cursors: set[str] = field(default_factory=set)
    emitted_ids: set[str] = field(default_factory=set)  #: ids of leads, kept while they may be needed
    items: int = 0
    last_size: int = 0  #: size of the page after which more leads are sought
    counted: tuple[str, int] | None = None  #: by the last page that counts the window in its present size
    _first_leads: set[str] = field(default_factory=set)
    _idle_pages: int = 0

    def add(self, page: Page, *, keep_ids: bool) -> None:
        """Note a page that was passed on."""
        self.items += page.size
        self.counted = page.counted or self.counted
        self.latest = max([self.latest, *(lead.second for lead in page.leads if lead.second is not None)])
        if keep_ids or self.is_short():
            self.emitted_ids.update(lead.lead_id for lead in page.leads)
        else:
            self.emitted_ids.clear()

    def is_short(self) -> bool:
        """Return whether `metadata` counts more leads than were received."""
        return self.counted is not None and self.counted[1] > self.items

    def follow(self, cursor: str, page: Page) -> None:
        """Note the cursor of the page after this one.

        Raises:
            FatalError: the cursors repeat or never end.
        """
        if cursor in self.cursors:
            msg = "GET /leads returned the same cursor twice within one window"
            raise FatalError(msg)
        self.cursors.add(cursor)
        # New cursors can go on forever too: to leads that were read before, to empty pages, or to ever more leads.
        first_lead = page.leads[0].lead_id if page.leads else None
        if first_lead is None or first_lead in self._first_leads:
            self._idle_pages += 1
        else:
            self._first_leads.add(first_lead)
        if self._idle_pages > MAX_IDLE_PAGES or len(self.cursors) > MAX_PAGES_PER_WINDOW:
            msg = f"GET /leads does not end: {len(self.cursors)} pages within one window"
            raise FatalError(msg)

    def end(self) -> None:
        """Check that the window is complete.

        Raises:
            FatalError: `metadata` counts more leads than were received.
        """
        if self.counted is not None and self.is_short():
            name, count = self.counted
            msg = (
                f"GET /leads returned {self.items} leads of a window for which `metadata.{name}` counts {count}: run"
                " again to read the window again; if the error persists, report it to the vendor"
            )
            raise FatalError(msg)
