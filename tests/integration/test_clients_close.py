"""The end of a run of many accounts, each of which has its own shared limit."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS, RateLimitScope, parse_accounts
from seeker_leads_api.clients import close_clients, open_clients
from seeker_leads_api.declarations import read
from seeker_leads_api.errors import FatalError
from seeker_leads_api.settings import CONNECTION_SETTINGS
from tests.waiting import wait_until

if TYPE_CHECKING:
    from seeker_leads_api.client import ApiClient

ACCOUNTS = 20


def test_hanging_database_delays_the_end_once_for_all_accounts() -> None:
    """A database that hangs delays the end of a run by a second or so, not by a second for each account."""
    with socket.create_server(("127.0.0.1", 0), backlog=2 * ACCOUNTS) as silent, ThreadPoolExecutor(ACCOUNTS) as pool:
        config = {
            "client_id": "a",
            "client_secret": "b",
            "rate_limit_url": f"postgresql://user@127.0.0.1:{silent.getsockname()[1]}/db",
            "accounts": [{"label": f"A{number}", "intermediary_id": str(number)} for number in range(ACCOUNTS)],
        }
        accounts = parse_accounts(read(config, {**CONNECTION_SETTINGS, **ACCOUNTS_SETTINGS}))
        clients = open_clients(accounts, RateLimitScope.ACCOUNT, "test", report=print)
        begun = threading.Barrier(ACCOUNTS + 1)

        def wait_for_permit(client: ApiClient) -> None:
            with contextlib.suppress(FatalError):
                begun.wait()
                with client.limiter.attempt():
                    pass

        waiting = [pool.submit(wait_for_permit, client) for client in clients]
        begun.wait()
        wait_until(lambda: sum(thread.name == "rate-limit" for thread in threading.enumerate()) == ACCOUNTS)
        closing_at = time.monotonic()
        close_clients(clients)
        assert time.monotonic() - closing_at < ACCOUNTS / 2
        for each in waiting:
            each.result()
