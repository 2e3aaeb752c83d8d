"""The clients of many accounts: one for each, with shared connections and usually a shared rate limit."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from seeker_leads_api.accounts import RateLimitScope
from seeker_leads_api.client import ApiClient, new_limiter
from seeker_leads_api.http.rate_limiter import CLOSE_SECONDS
from seeker_leads_api.http.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seeker_leads_api.accounts import Account


def open_clients(  # noqa: PLR0913  # time and output are injected
    accounts: Sequence[Account],
    scope: RateLimitScope,
    user_agent: str,
    *,
    report: Callable[[str], object],
    sleep: Callable[[float], object] = time.sleep,
    sleep_of: Callable[[Account], Callable[[float], object]] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[ApiClient]:
    """Return a client for each account, in their order.

    `report` gets lines that name the account. `sleep` is used to wait for the shared limit; `sleep_of` returns the
    function for an account's other waits, if that differs.

    Raises:
        SettingsError: the environment names certificates that do not exist, or a proxy that cannot work.
    """
    sessions = Sessions(user_agent)
    is_for_all = scope is RateLimitScope.CLIENT
    limit_for_all = new_limiter(accounts[0].connection, report=report, sleep=sleep, clock=clock) if is_for_all else None

    def client_of(account: Account) -> ApiClient:
        def report_of(line: str) -> object:
            return report(f"{account.place}{line}")

        own_sleep = sleep_of(account) if sleep_of else sleep
        limiter = limit_for_all or new_limiter(
            account.connection, report=report_of, label=account.label, sleep=own_sleep, clock=clock
        )
        return ApiClient(
            account.connection,
            user_agent,
            report=report_of,
            sleep=own_sleep,
            clock=clock,
            limiter=limiter,
            sessions=sessions,
        )

    return [client_of(account) for account in accounts]


def close_clients(clients: Sequence[ApiClient], *, clock: Callable[[], float] = time.monotonic) -> None:
    """Close the clients' shared connections, and release limits that are shared with other processes.

    All limits together take no longer than one, even if their database hangs: a stop must not wait for each account.
    """
    limiters = {id(client.limiter): client.limiter for client in clients}.values()
    for limiter in limiters:
        limiter.begin_close()
    ends_at = clock() + CLOSE_SECONDS
    for limiter in limiters:
        limiter.close(max(ends_at - clock(), 0.0))
    clients[0].close_connections()
