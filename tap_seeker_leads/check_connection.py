"""`--test`: one sentence for each account says whether its settings work."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from seeker_leads_api.clients import close_clients, open_clients
from seeker_leads_api.errors import FatalError, SeekerLeadsError
from seeker_leads_api.stoppable_pool import StoppablePool
from seeker_leads_api.stopping import Stopping
from tap_seeker_leads.leads.page import page_of
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.fetching import fetch_page
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import split
from tap_seeker_leads.state.api_clock import read_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_api.client import ApiClient
    from tap_seeker_leads.reading.windows import Window
    from tap_seeker_leads.settings import TapSettings

#: At most this many pages of a week are read to find the newest lead.
MAX_PAGES = 20
#: With many accounts, at most this many weeks of each are read: an account without leads would cost 157 requests.
MAX_WINDOWS_PER_ACCOUNT = 4


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """What a check of the newest leads found."""

    newest: int | None  #: the latest ingestion date, in Unix seconds; None: there is no lead since `since`
    since: int  #: how far back the check went, in Unix seconds
    seconds_ahead: float | None  #: how far this machine's clock is ahead of the API's; None: not known


def connection_reports(
    settings: TapSettings, user_agent: str, *, report: Callable[[str], object], now: Callable[[], float]
) -> Iterator[str]:
    """Yield one line for each account: what was found, or why its settings do not work.

    An exception of a signal handler ends all waits between tries.

    Raises:
        SeekerLeadsError: the settings of the only account, or of some of several accounts, do not work.
    """

    def check(client: ApiClient) -> str | SeekerLeadsError:
        try:
            return _describe(find_newest_lead(client, settings, now=now))
        except SeekerLeadsError as error:
            return error

    accounts, failed, stopping = settings.accounts, 0, Stopping()
    clients = open_clients(accounts, settings.rate_limit_scope, user_agent, report=report, sleep=stopping.sleep)
    with contextlib.ExitStack() as stack:
        stack.callback(close_clients, clients)
        workers = min(settings.connection.max_concurrent_requests, len(accounts))
        pool = stack.enter_context(StoppablePool(workers, stopping))
        for account, result in zip(accounts, pool.map(check, clients), strict=True):
            if isinstance(result, SeekerLeadsError):
                if not settings.has_accounts:
                    raise result
                failed += 1
            yield f"{account.place}{result}"
    if failed:
        msg = f"The settings of {failed} of {len(accounts)} accounts do not work, see the lines above"
        raise FatalError(msg)


def _describe(seen: ConnectionCheck) -> str:
    ahead = seen.seconds_ahead
    clocks = "the API did not say its time" if ahead is None else f"the clocks differ by {abs(ahead):.0f} s"
    return f"The connection and the token work; {describe_newest_lead(seen)}; {clocks}"


def describe_newest_lead(seen: ConnectionCheck) -> str:
    """Return a clause that says when the newest lead was ingested."""
    if seen.newest is None:
        return f"no lead since {to_rfc3339(seen.since)}"
    return f"the newest lead is from {to_rfc3339(seen.newest)}"


def find_newest_lead(client: ApiClient, settings: TapSettings, *, now: Callable[[], float]) -> ConnectionCheck:
    """Ask for the newest week first, then for older weeks until one has a lead.

    Raises:
        SeekerLeadsError: there is no answer; the message says why.
    """
    newest: int | None = None
    ahead: float | None = None
    windows = reversed(list(split(settings.start, settings.end, settings.window_seconds)))
    since = settings.end
    for window in islice(windows, MAX_WINDOWS_PER_ACCOUNT if settings.has_accounts else None):
        since = window.start
        newest, date = _newest_lead(client, window, settings.page_size)
        if ahead is None and (api_time := read_date(date)) is not None:
            ahead = now() - api_time
        if newest is not None:
            break
    return ConnectionCheck(newest, since, ahead)


def _newest_lead(client: ApiClient, window: Window, page_size: int) -> tuple[int | None, str | None]:
    """Return the latest ingestion date on the first pages of a window, and the `Date` of the last answer."""
    paginator = LeadsPaginator(WindowPlan([window]), limiter=client.limiter, on_window_read=lambda _: None)
    newest, date = None, None
    while not paginator.finished and paginator.count < MAX_PAGES:
        response = fetch_page(client, paginator, page_size)
        date = response.headers.get("Date")
        seconds = [lead.second for lead in page_of(response).leads if lead.second is not None]
        newest = max([*seconds, newest or 0]) or None
        paginator.advance(response)
    return newest, date
