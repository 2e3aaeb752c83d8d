"""Every request has a permit of the run's only limiter."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.client import ApiClient
from seeker_leads_api.http.rate_limiter import RateLimiter
from seeker_leads_api.http.session import ApiSession
from seeker_leads_sandbox import Fault, FaultKind, SandboxOptions
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

    from seeker_leads_api.http.rate_limiter import Limiter
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner


class Permits:
    """The limiters whose permits the current thread holds, and the number held when each request was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of_thread = threading.local()
        self.at_requests: list[int] = []
        self.limiters: list[Limiter] = []
        attempt, send, make = RateLimiter.attempt, ApiSession.send, ApiClient.__init__

        @contextmanager
        def counted(limiter: RateLimiter) -> Iterator[None]:
            with attempt(limiter):
                self.of_thread.held = self.held + 1
                try:
                    yield
                finally:
                    self.of_thread.held = self.held - 1

        def noted(session: ApiSession, request: requests.PreparedRequest, **options: Any) -> requests.Response:
            if request.path_url.partition("?")[0].endswith("/leads"):
                self.at_requests.append(self.held)
            return send(session, request, **options)

        def made(client: ApiClient, *arguments: Any, **options: Any) -> None:
            make(client, *arguments, **options)
            self.limiters.append(client.limiter)

        monkeypatch.setattr(RateLimiter, "attempt", counted)
        monkeypatch.setattr(ApiSession, "send", noted)
        monkeypatch.setattr(ApiClient, "__init__", made)

    @property
    def held(self) -> int:
        return getattr(self.of_thread, "held", 0)


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(leads=500, enforce_limit=False)], indirect=True)
def test_every_try_of_the_tap_holds_one_permit(
    run_tap: TapRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each GET is sent with one permit of the run's only limiter, including retries and the one with a new token."""
    permits = Permits(monkeypatch)
    sandbox.script(Fault(FaultKind.STATUS, status=503, times=5))
    assert run_tap(start_date="2026-06-01").error is None
    assert set(permits.at_requests) == {1}
    assert len(permits.at_requests) == sandbox.statistics.requests
    assert len(permits.limiters) == 1


def test_every_try_of_the_target_holds_one_permit(
    run_target: TargetRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each POST is sent with one permit of the run's only limiter, including retries."""
    permits = Permits(monkeypatch)
    sandbox.script(Fault(FaultKind.STATUS, status=429, times=5))
    assert run_target([SCHEMA, *map(record, range(20)), state(1)]).error is None
    assert permits.at_requests == [1] * 25
    assert len(permits.limiters) == 1
