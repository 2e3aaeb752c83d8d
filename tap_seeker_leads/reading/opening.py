"""The parts of a run: a client, a bookmark and a refresh for each account, and one pool of readers for all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from seeker_leads_api.accounts import RateLimitScope
from seeker_leads_api.clients import close_clients, open_clients
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.stopping import Stopping
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.account_reader import AccountReader
from tap_seeker_leads.reading.account_run import AccountRun
from tap_seeker_leads.reading.last_pages import LastPages
from tap_seeker_leads.reading.readers import ReaderPool
from tap_seeker_leads.reading.reading import Reading
from tap_seeker_leads.reading.refreshing import Refreshing
from tap_seeker_leads.state.refresh import CLOCK_TOLERANCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_api.accounts import Account
    from seeker_leads_api.client import ApiClient
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.state.bookmark import Bookmark
    from tap_seeker_leads.state.bookmarks import BookmarkManager
    from tap_seeker_leads.state.checkpoints import Checkpoints

#: The most concurrent requests of a run in which each account has its own rate limit.
MAX_READERS = 50


@dataclass(frozen=True, slots=True)
class RunEnvironment:
    """What a run uses of its environment."""

    user_agent: str
    warn: Callable[[str], object]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None  #: None: waits that a stop interrupts


def open_reading(
    settings: TapSettings,
    bookmarks: BookmarkManager,
    checkpoints: Checkpoints,
    environment: RunEnvironment,
    *,
    is_incremental: bool,
) -> Reading:
    """Return the reading of every account of the settings; no request is made yet.

    Raises:
        SettingsError: the state of an account is not valid, or the environment cannot work.
    """
    stopping = Stopping()
    own_stopping = {account.label: Stopping() for account in settings.accounts}
    per_account = settings.connection.max_concurrent_requests
    is_by_account = settings.rate_limit_scope is RateLimitScope.ACCOUNT
    many = min(per_account * len(settings.accounts), max(MAX_READERS, per_account))
    pool: ReaderPool[AccountReader] = ReaderPool(
        stopping, readers=many if is_by_account else per_account, readers_per_account=per_account
    )
    clients = open_clients(
        settings.accounts,
        settings.rate_limit_scope,
        environment.user_agent,
        report=environment.warn,
        sleep=environment.sleep or stopping.sleep,
        sleep_of=lambda account: pool.releasing_slot(environment.sleep or own_stopping[account.label].sleep),
        clock=environment.clock,
    )
    last_pages = LastPages()

    def reader_of(account: Account, client: ApiClient) -> AccountReader:
        bookmark = bookmarks.of(account.label)
        run = AccountRun(
            settings,
            client,
            environment.clock,
            send_event=lambda event: pool.put_event(reader, event),
            idle_readers=pool.idle_readers,
            last_pages=last_pages,
        )
        reader = AccountReader(
            account,
            run,
            starting_instant(settings, bookmark if is_incremental else None),
            bookmark,
            keeps_bookmark=is_incremental,
            refreshing=Refreshing(settings, bookmark) if is_incremental and settings.refresh_seconds else None,
            checkpoints=checkpoints,
            stopping=own_stopping[account.label],
            warn=environment.warn,
        )
        return reader

    readers = [reader_of(account, client) for account, client in zip(settings.accounts, clients, strict=True)]
    return Reading(readers, pool, clock=environment.clock, close=partial(close_clients, clients))


def starting_instant(settings: TapSettings, bookmark: Bookmark | None) -> int:
    """Return where to start reading an account, in Unix seconds: the bookmark less the lookback, or `start_date`.

    Raises:
        SettingsError: the bookmark is in the future, or is not an instant.
    """
    read_up_to = None if bookmark is None else bookmark.read()
    if bookmark is None or read_up_to is None:
        return settings.start
    if read_up_to > settings.now + CLOCK_TOLERANCE_SECONDS:
        msg = (
            f"The state's bookmark {to_rfc3339(read_up_to)} is in the future, so nothing would be read before then:"
            " set `replication_key_value` back to the instant to continue from"
        )
        raise SettingsError(msg)
    return max(settings.start, read_up_to - settings.lookback_seconds)
