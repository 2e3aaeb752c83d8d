"""What a run reads with: a client, a bookmark and a refresh for each account, over one pool of readers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seeker_leads_api.accounts import RateLimitScope
from seeker_leads_api.client import ApiClient, new_limiter
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.http.sessions import Sessions
from seeker_leads_api.stopping import Stopping
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.account_reader import AccountReader
from tap_seeker_leads.reading.last_pages import LastPages
from tap_seeker_leads.reading.readers import ReaderPool
from tap_seeker_leads.reading.reading import Reading
from tap_seeker_leads.reading.refreshing import Refreshing
from tap_seeker_leads.reading.span_reader import AccountRun
from tap_seeker_leads.state.refresh import CLOCK_TOLERANCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_api.accounts import Account
    from seeker_leads_api.http.rate_limiter import RateLimiter
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.state.bookmark import Bookmark
    from tap_seeker_leads.state.bookmarks import BookmarkManager
    from tap_seeker_leads.state.checkpoints import Checkpoints

#: Requests at once at most, where each account has a limit of its own.
MOST_READERS = 50


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a run has of the world around it."""

    user_agent: str
    warn: Callable[[str], object]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None  #: None: waits that a stop ends


def open_reading(
    settings: TapSettings,
    bookmarks: BookmarkManager,
    checkpoints: Checkpoints,
    surroundings: Surroundings,
    *,
    is_incremental: bool,
) -> Reading:
    """Return what reads every account of the settings; nothing is requested yet.

    Raises:
        SettingsError: the state of an account is odd, or the environment cannot work.
    """
    stopping = Stopping()
    a_client = settings.connection.max_concurrent_requests
    is_by_account = settings.rate_limit_scope is RateLimitScope.ACCOUNT
    readers = min(a_client * len(settings.accounts), max(MOST_READERS, a_client)) if is_by_account else a_client
    pool: ReaderPool[AccountReader] = ReaderPool(stopping, readers=readers, readers_an_account=a_client)
    sessions, last_pages = Sessions(surroundings.user_agent), LastPages()
    limit_for_all = None
    if not is_by_account:
        sleep = surroundings.sleep or stopping.sleep
        limit_for_all = new_limiter(settings.connection, sleep=sleep, clock=surroundings.clock)

    def reader_of(account: Account) -> AccountReader:
        bookmark, own_stopping = bookmarks.of(account.label), Stopping()
        start = starting_instant(settings, bookmark if is_incremental else None)
        refreshing = Refreshing(settings, bookmark) if is_incremental and settings.refresh_seconds else None
        warn = partial(_warn_of, account, surroundings.warn)
        wait = pool.leaving_its_place(surroundings.sleep or own_stopping.sleep)
        run = AccountRun(
            settings,
            _client(account, surroundings, sessions, limit_for_all, wait, warn),
            surroundings.clock,
            hand_on=lambda event: pool.found(reader, event),
            idle_readers=pool.idle_readers,
            last_pages=last_pages,
        )
        reader = AccountReader(
            run,
            start,
            bookmark,
            label=account.label,
            keeps_bookmark=is_incremental,
            refreshing=refreshing,
            checkpoints=checkpoints,
            stopping=own_stopping,
            warn=warn,
        )
        return reader

    return Reading([reader_of(account) for account in settings.accounts], pool, clock=surroundings.clock)


def starting_instant(settings: TapSettings, bookmark: Bookmark | None) -> int:
    """Return from where an account is read, in Unix seconds: the bookmark less the lookback, or `start_date`.

    Raises:
        SettingsError: the bookmark lies in the future, or is no instant.
    """
    read_up_to = None if bookmark is None else bookmark.read()
    if bookmark is None or read_up_to is None:
        return settings.start
    if read_up_to > settings.now + CLOCK_TOLERANCE_SECONDS:
        msg = (
            f"The state's bookmark {to_rfc3339(read_up_to)} lies in the future, so nothing would be read before then:"
            " set `replication_key_value` back to the instant from which to go on"
        )
        raise SettingsError(msg)
    return max(settings.start, read_up_to - settings.lookback_seconds)


def _client(  # noqa: PLR0913, PLR0917  # what accounts share, and what they do not
    account: Account,
    surroundings: Surroundings,
    sessions: Sessions,
    limit_for_all: RateLimiter | None,
    wait: Callable[[float], object],
    warn: Callable[[str], object],
) -> ApiClient:
    clock = surroundings.clock
    limiter = limit_for_all or new_limiter(account.connection, sleep=wait, clock=clock)
    return ApiClient(
        account.connection,
        surroundings.user_agent,
        report=warn,
        sleep=wait,
        clock=clock,
        limiter=limiter,
        sessions=sessions,
    )


def _warn_of(account: Account, warn: Callable[[str], object], line: str) -> None:
    warn(f"{account.place}{line}")
