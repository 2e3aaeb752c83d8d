"""What one window has given so far, and whether it can go on so: pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError

if TYPE_CHECKING:
    from tap_seeker_leads.leads.page import Page

#: A window that leads on through more pages than this never ends: ten million leads of one week, in full pages.
MOST_PAGES_A_WINDOW = 100_000
#: So many pages of one window may begin as another one did, or hold nothing, before it counts as a circle.
MOST_IDLE_PAGES = 100


@dataclass
class PagesOfWindow:
    """The pages of one window up to now."""

    latest: int  #: the latest second of a lead
    is_announced: bool = False  #: the API said that there is a next page
    cursors: set[str] = field(default_factory=set)
    given_ids: set[str] = field(default_factory=set)  #: of leads, as long as they may be needed
    items: int = 0
    last_size: int = 0  #: of the page behind which more is looked for
    counted: tuple[str, int] | None = None  #: by the last page that counts the window as it is now
    _first_leads: set[str] = field(default_factory=set)
    _idle_pages: int = 0

    def add(self, page: Page, *, keep_ids: bool) -> None:
        """Note a page that was handed on."""
        self.items += page.size
        self.counted = page.counted or self.counted
        self.latest = max([self.latest, *(lead.second for lead in page.leads if lead.second is not None)])
        if keep_ids or self.is_short():
            self.given_ids.update(lead.lead_id for lead in page.leads)
        else:
            self.given_ids.clear()

    def is_short(self) -> bool:
        """Return whether `metadata` counts more leads than came."""
        return self.counted is not None and self.counted[1] > self.items

    def follow(self, cursor: str, page: Page) -> None:
        """Note the cursor that leads on from a page.

        Raises:
            FatalError: it leads in a circle or on without end.
        """
        if cursor in self.cursors:
            msg = "GET /leads leads in a circle: it gave the same cursor twice within one window"
            raise FatalError(msg)
        self.cursors.add(cursor)
        # New cursors may lead on for ever all the same: to what was read before, to nothing, or to ever more leads.
        first_lead = page.leads[0].lead_id if page.leads else None
        if first_lead is None or first_lead in self._first_leads:
            self._idle_pages += 1
        else:
            self._first_leads.add(first_lead)
        if self._idle_pages > MOST_IDLE_PAGES or len(self.cursors) > MOST_PAGES_A_WINDOW:
            msg = f"GET /leads leads on without end: {len(self.cursors)} pages within one window"
            raise FatalError(msg)

    def end(self) -> None:
        """Check that the window is whole.

        Raises:
            FatalError: `metadata` counts more leads than came.
        """
        if self.counted is not None and self.is_short():
            name, count = self.counted
            msg = (
                f"GET /leads gave {self.items} leads of a window of which `metadata.{name}` counts {count}: run again"
                " to read this window anew; if that stays so, report it to the vendor"
            )
            raise FatalError(msg)
