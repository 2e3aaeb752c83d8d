"""A server that answers any URL as the API answers an empty period."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import EmptyPeriod, SandboxOptions
from tests.hostile_server import HostileServer, http

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.conftest import Clock, TapRunner

UNKNOWN_ROUTE = json.dumps({"type": "about:blank", "title": "Not Found", "status": 404, "instance": "/v0/leads"})


def doubts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "`api_url`" in record.getMessage()]


def test_nothing_but_404s_over_weeks_is_said_once(run_tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    """It cannot be told from an empty account, so the run is a good one, and one warning names `api_url`."""
    with HostileServer(lambda _: http(UNKNOWN_ROUTE, 404)) as server:
        run = run_tap(api_url=server.url, start_date="2026-11-01")
    assert (run.error, run.bookmark) == (None, "2026-11-23T08:00:00Z")
    (doubt,) = doubts(caplog)
    assert "no leads from 2026-11-01T00:00:00Z to 2026-11-23T08:00:00Z" in doubt
    assert [record.levelname for record in caplog.records if record.getMessage() == doubt] == ["WARNING"]


def test_run_of_one_window_says_nothing_of_the_url(
    run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Five minutes without a lead are no news: one request, and no warning."""
    assert run_tap(start_date="2026-11-20").error is None
    assert sandbox.statistics.requests == 1
    assert doubts(caplog) == []


@pytest.mark.parametrize(
    ("sandbox_options", "days"),
    [
        (SandboxOptions(enforce_limit=False), [20]),
        (SandboxOptions(enforce_limit=False, empty=EmptyPeriod.EMPTY_200), []),
    ],
    indirect=["sandbox_options"],
    ids=["a lead", "an empty list"],
)
def test_one_list_of_leads_proves_the_url(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture, days: list[int]
) -> None:
    """Where any period was answered with a list, the API is there, whatever the others were answered with."""
    sandbox.add_leads(ingestion_dates=[clock.now - day * 86_400 for day in days])
    assert run_tap(start_date="2026-11-01").error is None
    assert doubts(caplog) == []
