"""One request for leads: its window and its cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tap_seeker_leads.reading.windows import Window


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page to request."""

    window: Window
    cursor: str | None = None  #: the lead after which the page starts; None for the first page
    is_end_check: bool = False  #: follows a page that may be the last: leads that the window already gave do not count

    def query(self, page_size: int) -> dict[str, object]:
        """Return the query of `GET /leads`."""
        query: dict[str, object] = {
            "minDate": self.window.min_date,
            "maxDate": self.window.max_date,
            "limit": page_size,
        }
        return query if self.cursor is None else {**query, "start": self.cursor}
