"""Which leads of a span's pages become records, and which are skipped and counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import FatalError
from tap_seeker_leads.leads.timestamps import to_rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.windows import SeamFilter, Window


class NewRecords:
    """Selects the records of a span from `start` to `end` that the run has not emitted yet.

    With `is_bounded`, leads at or after `end` are left to another span. All spans of an account share `seams`.
    """

    def __init__(self, start: int, end: int, seams: SeamFilter, *, is_bounded: bool) -> None:
        self._start = start
        self._end = end
        self._seams = seams
        self._latest = end - 1 if is_bounded else None
        self._skipped_items = self._altered_ids = self._early_leads = 0
        self.last_lead: int | None = None  #: the latest ingestion date read so far, in Unix seconds

    def of(self, page: Page, window: Window) -> Iterator[dict[str, Any]]:
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
        seconds = [lead.second for lead in page.leads if lead.second is not None and lead.second <= self._end]
        self.last_lead = max([*seconds, self.last_lead or 0]) or None
        for lead in page.leads:
            if lead.second is not None and lead.second < self._start:
                # A window also asks for the second before its start, see `Window`.
                self._early_leads += lead.second < window.min_date
            elif self._latest is not None and lead.second is not None and lead.second > self._latest:
                continue  # of the next span, which asks for this second too
            elif self._seams.passes(lead.lead_id, lead.second, window):
                yield lead.record

    def warnings(self) -> Iterator[str]:
        """Yield a warning for each kind of items that were skipped."""
        if self._skipped_items:
            yield f"{self._skipped_items} items without a `leadId` were skipped: they cannot be stored"
        if self._altered_ids:
            yield (
                f"{self._altered_ids} items were skipped, since their `leadId` holds control characters or broken text:"
                " a corrected id might replace another lead. Please report them to the vendor"
            )
        if self._early_leads:
            yield (
                f"{self._early_leads} leads were skipped: their `ingestionDate` is before {to_rfc3339(self._start)},"
                " and before the period that was requested"
            )
