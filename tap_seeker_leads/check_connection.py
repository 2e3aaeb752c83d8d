"""`--test`: whether the settings work, in one sentence."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_api.client import ApiClient
from tap_seeker_leads.leads.page import page_of
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.readers import ask
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import split
from tap_seeker_leads.state.api_clock import read_date

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_seeker_leads.reading.windows import Window
    from tap_seeker_leads.settings import TapSettings

#: A week with more pages than this is not read to its end for the sake of one instant.
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """What the answers to a look at the newest leads say."""

    newest: int | None  #: the latest ingestion date, in Unix seconds; None: there is no lead since `start_date`
    seconds_ahead: float | None  #: of this machine's clock, before the API's; None: the API did not say its time


def connection_report(
    settings: TapSettings, user_agent: str, *, report: Callable[[str], object], now: Callable[[], float]
) -> str:
    """Look at the newest leads; return what is known then.

    Raises:
        SeekerLeadsError: the settings do not work, and why.
    """
    with contextlib.closing(ApiClient(settings.connection, user_agent, report=report)) as client:
        seen = look(client, settings, now=now)
    ahead = seen.seconds_ahead
    clocks = "the API did not say its time" if ahead is None else f"the clocks differ by {abs(ahead):.0f} s"
    return f"The connection and the token work; {newest_lead_in_words(seen, settings)}; {clocks}"


def newest_lead_in_words(seen: Seen, settings: TapSettings) -> str:
    """Return a clause that names the newest lead's instant."""
    if seen.newest is None:
        return f"no lead since {to_rfc3339(settings.start)}"
    return f"the newest lead is of {to_rfc3339(seen.newest)}"


def look(client: ApiClient, settings: TapSettings, *, now: Callable[[], float]) -> Seen:
    """Ask for the newest week first, and for older ones until one has a lead.

    Raises:
        SeekerLeadsError: there is no answer, and why.
    """
    newest: int | None = None
    ahead: float | None = None
    for window in reversed(list(split(settings.start, settings.end, settings.window_seconds))):
        newest, date = _newest_lead(client, window, settings.page_size)
        if ahead is None and (api_time := read_date(date)) is not None:
            ahead = now() - api_time
        if newest is not None:
            break
    return Seen(newest, ahead)


def _newest_lead(client: ApiClient, window: Window, page_size: int) -> tuple[int | None, str | None]:
    """Return the latest ingestion date on the first pages of a window, and the `Date` of the last answer."""
    paginator = LeadsPaginator(WindowPlan([window]), limiter=client.limiter, on_window_read=lambda _: None)
    newest, date = None, None
    while not paginator.finished and paginator.count < MOST_PAGES:
        response = ask(client, paginator, page_size)
        date = response.headers.get("Date")
        seconds = [lead.second for lead in page_of(response).leads if lead.second is not None]
        newest = max([*seconds, newest or 0]) or None
        paginator.advance(response)
    return newest, date
