"""The thread that polls the server of a shared limit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from seeker_leads_api.http.rate_limiter import Limit
from seeker_leads_api.http.shared_limit.poller import Poller
from seeker_leads_api.postgres.location import PostgresLocation

if TYPE_CHECKING:
    import pytest


def test_close_waits_for_a_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped while a thread of it starts the poller ends without an error."""
    starting, may_start = threading.Event(), threading.Event()
    start = threading.Thread.start

    def slow_start(thread: threading.Thread) -> None:
        if thread.name == "rate-limit":
            starting.set()
            may_start.wait()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", slow_start)
    location = PostgresLocation.parse("rate_limit_url", "postgresql://user@127.0.0.1:1/db")
    poller = Poller(location, "key", Limit(10, 0.2, 10), report=print, clock=lambda: 0.0)
    with ThreadPoolExecutor(2) as pool:
        started = pool.submit(poller.start)
        starting.wait()
        closed = pool.submit(poller.close, 1.0)
        wait([closed], timeout=0.1)
        may_start.set()
        started.result()
        closed.result()
