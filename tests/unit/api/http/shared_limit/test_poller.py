"""The thread that polls the server of a shared limit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_api.http.rate_limiter import Limit
from seeker_leads_api.http.shared_limit.limiter import SharedRateLimiter
from seeker_leads_api.http.shared_limit.poller import Poller
from seeker_leads_api.postgres.location import PostgresLocation

NOWHERE = PostgresLocation.parse("rate_limit_url", "postgresql://user@127.0.0.1:1/db")


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
    poller = Poller(NOWHERE, "key", Limit(10, 0.2, 10), report=print, clock=lambda: 0.0)
    with ThreadPoolExecutor(2) as pool:
        started = pool.submit(poller.start)
        starting.wait()
        closed = pool.submit(poller.close, 1.0)
        wait([closed], timeout=0.1)
        may_start.set()
        started.result()
        closed.result()


def test_thread_that_cannot_start_is_an_error_and_no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system has no thread left, the request fails, the next one tries again, and the run can end."""
    start, refused = threading.Thread.start, list[str]()

    def refuse_once(thread: threading.Thread) -> None:
        if thread.name == "rate-limit" and not refused:
            refused.append(thread.name)
            raise RuntimeError
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_once)
    limiter = SharedRateLimiter(NOWHERE, "key", Limit(10, 0.2, 10), report=print)
    with pytest.raises(RuntimeError), limiter.attempt():
        pytest.fail("it started without a limit")
    with pytest.raises(FatalError, match="could not be opened"), limiter.attempt():
        pytest.fail("it started without a limit")
