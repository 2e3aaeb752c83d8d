"""Faults in transit cost time, not leads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_sandbox import Fault, FaultKind, Sandbox

if TYPE_CHECKING:
    from tests.tap_runs import Clock, TapRunner

HOUR = 3600
PASSING = [
    Fault(FaultKind.STATUS, status=429),
    Fault(FaultKind.STATUS, status=500),
    Fault(FaultKind.STATUS, status=503),
    Fault(FaultKind.STATUS, status=408),
    Fault(FaultKind.RESET),
    Fault(FaultKind.CUT_BODY),
    Fault(FaultKind.BAD_JSON),
    Fault(FaultKind.HTML_502),
    Fault(FaultKind.LOST_ANSWER),
]


def named(fault: Fault) -> str:
    return f"{fault.kind.value}-{fault.status}" if fault.kind is FaultKind.STATUS else fault.kind.value


def again(fault: Fault, **changes: Any) -> Fault:
    return Fault(**{**{name: getattr(fault, name) for name in Fault.__dataclass_fields__}, **changes})


@pytest.mark.parametrize("fault", PASSING, ids=named)
@pytest.mark.parametrize("after", [0, 2, 4], ids=["first page", "middle", "last page"])
def test_passing_fault_is_retried(run_tap: TapRunner, sandbox: Sandbox, clock: Clock, fault: Fault, after: int) -> None:
    """A fault on any page is retried with growing waits: the run is complete, without duplicates and real waiting."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR - index for index in range(450)])
    sandbox.script(again(fault, after=after, times=2))
    run = run_tap(start_date="2026-11-20")
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 450
    assert len(run.slept) == 2


def test_all_faults_mixed(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """With 3 % of each kind of fault, the run is complete, without duplicates."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR - index * 60 for index in range(3000)])
    sandbox.script(*(again(fault, rate=0.03) for fault in PASSING))
    run = run_tap(start_date="2026-11-20", page_size=20)
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 3000
    assert run.slept


def test_time_out_is_retried(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A request without an answer within `request_timeout_seconds` is retried."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
    sandbox.script(Fault(FaultKind.TIMEOUT, times=1))
    run = run_tap(start_date="2026-11-20", request_timeout_seconds=1)
    assert (run.error, len(run.records), len(run.slept)) == (None, 1, 1)


def test_retry_after_is_waited_for(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """The API's `Retry-After` is used if it is longer than the backoff."""
    sandbox.script(Fault(FaultKind.STATUS, status=429, retry_after=30, times=1))
    assert run_tap(start_date="2026-11-20").slept == [30]


def test_persistent_fault_ends_the_run_with_its_name(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """When the tries are used up, the error names the request, the answer, and the number of tries."""
    sandbox.script(Fault(FaultKind.STATUS, status=503))
    run = run_tap(start_date="2026-11-20", max_retries=2)
    assert isinstance(run.error, FatalError)
    assert "GET /leads answered 503" in str(run.error)
    assert "3 tries" in str(run.error)
    assert "traceparent 00-" in str(run.error)


def test_dead_server_ends_the_run(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """If a host does not answer at all, the error names the settings to check."""
    sandbox.stop()
    assert "`api_url`" in str(run_tap(max_retries=1).error)


def test_wrong_url_is_not_an_empty_account(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A 404 without the API's problem body means a wrong URL: the run ends, and the bookmark does not move."""
    run = run_tap(api_url=sandbox.url + "/seeker-leads/v9")
    assert "`api_url`" in str(run.error)
    assert run.bookmark is None


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_is_not_followed(run_tap: TapRunner, sandbox: Sandbox, status: int) -> None:
    """A redirect ends the run: the token goes to no other host."""
    sandbox.script(Fault(FaultKind.STATUS, status=status))
    run = run_tap(start_date="2026-11-20")
    assert "`api_url`" in str(run.error)
    assert sandbox.statistics.requests == 1


def test_malformed_item_does_not_stop_the_stream(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """An item that is not a lead is counted and reported without its content; its neighbours arrive."""
    date = clock.now - HOUR
    good = {"metadata": {"leadId": "good", "ingestionDate": date, "portal": "SLG-FRA", "leadCategory": "AGENCY"}}
    body = {"metadata": {}, "links": {}, "items": [None, {"metadata": {"jane@example.com": 1}}, good, "jane"]}
    sandbox.script(Fault(FaultKind.STATUS, status=200, times=1, body=json.dumps(body)))
    run = run_tap(start_date="2026-11-20")
    assert (run.error, run.ids) == (None, ["good"])
    assert "3 items" in caplog.text
    assert "jane" not in caplog.text


def test_page_of_malformed_items_ends_the_run(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A page without a lead among its items ends the run: the API has changed, and every lead would be skipped."""
    sandbox.script(Fault(FaultKind.STATUS, status=200, body='{"metadata": {}, "links": {}, "items": [{"id": 1}]}'))
    run = run_tap(start_date="2026-11-20")
    assert "API may have changed" in str(run.error)
    assert run.bookmark is None


@pytest.mark.parametrize("body", ['{"items": {}}', '{"data": []}', '{"metadata": {}, "links": {}, "leads": []}', "[]"])
def test_answer_that_is_not_a_page_does_not_move_the_bookmark(run_tap: TapRunner, sandbox: Sandbox, body: str) -> None:
    """JSON with anything else in place of a list of items never counts as an empty period."""
    sandbox.script(Fault(FaultKind.STATUS, status=200, body=body))
    run = run_tap(start_date="2026-11-20", max_retries=1)
    assert "not a page of leads" in str(run.error)
    assert run.bookmark is None
