"""A server that answers any URL in the way the API answers an empty period."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_sandbox import EmptyPeriod, SandboxOptions
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.hostile_server import Asked, HostileServer, http

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Clock, TapRunner

UNKNOWN_ROUTE = json.dumps({"type": "about:blank", "title": "Not Found", "status": 404, "instance": "/v0/leads"})


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "`api_url`" in record.getMessage()]


def test_weeks_of_404s_cause_one_warning(run_tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing but 404s looks like an empty account, so the run succeeds, and one warning names `api_url`."""
    with HostileServer(lambda _: http(UNKNOWN_ROUTE, 404)) as server:
        run = run_tap(api_url=server.url, start_date="2026-11-01")
    assert (run.error, run.bookmark) == (None, "2026-11-23T08:00:00Z")
    (warning,) = warnings_of(caplog)
    assert "no leads from 2026-11-01T00:00:00Z to 2026-11-23T08:00:00Z" in warning
    assert [record.levelname for record in caplog.records if record.getMessage() == warning] == ["WARNING"]


def test_run_of_one_window_does_not_mention_the_url(
    run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """Five minutes without a lead are normal: one request, and no warning."""
    assert run_tap(start_date="2026-11-20").error is None
    assert sandbox.statistics.requests == 1
    assert warnings_of(caplog) == []


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
    """One list of leads for any period proves the URL, whatever the other answers are."""
    sandbox.add_leads(ingestion_dates=[clock.now - day * 86_400 for day in days])
    assert run_tap(start_date="2026-11-01").error is None
    assert warnings_of(caplog) == []


DAY = 86_400


def after_a_lead(run_tap: TapRunner, sandbox: Sandbox, clock: Clock, *, days_ago: int = 2) -> dict[str, Any]:
    """Return the state of a run that has read one lead."""
    sandbox.add_leads(ingestion_dates=[clock.now - days_ago * DAY])
    run = run_tap(start_date="2020-01-01")
    assert len(run.records) == 1
    clock.now += DAY
    return run.state


def test_route_that_is_gone_ends_the_run(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """If even the days of the last lead are a 404 now, the run fails, and the bookmark passes no unread lead."""
    state = after_a_lead(run_tap, sandbox, clock)
    asked: list[Asked] = []

    def gone(request: Asked) -> list[bytes]:
        asked.append(request)
        return http(UNKNOWN_ROUTE, 404)

    with HostileServer(gone) as server:
        run = run_tap(api_url=server.url, start_date="2026-11-01", state=state)
    assert isinstance(run.error, FatalError)
    assert all(name in str(run.error) for name in ("`api_url`", "account", "`last_lead_at`", "`bookmarks.leads`"))
    assert run.state == state
    assert len(asked) == 2
    assert asked[1].query["limit"] == "1"
    # The user confirms that the account is empty by removing the entry: then the run succeeds.
    del state["bookmarks"]["leads"]["last_lead_at"]
    with HostileServer(gone) as server:
        assert run_tap(api_url=server.url, start_date="2026-11-01", state=state).error is None


def test_quiet_account_continues(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """With a 404 for the new period and a list for the days of the last lead, the bookmark moves."""
    state = after_a_lead(run_tap, sandbox, clock)
    run = run_tap(start_date="2026-11-01", state=state)
    assert (run.error, run.records, run.bookmark) == (None, [], to_rfc3339(clock.now))
    assert run.state["bookmarks"]["leads"]["last_lead_at"] == state["bookmarks"]["leads"]["last_lead_at"]


def test_lead_of_more_than_a_year_ago_proves_nothing(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A last lead of more than a year ago is not looked for, since leads leave the API in time."""
    state = after_a_lead(run_tap, sandbox, clock, days_ago=366)
    sandbox.statistics.reset()
    assert run_tap(start_date="2026-11-01", state=state).error is None
    assert sandbox.statistics.requests == 1


def test_state_keeps_the_latest_lead_only(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """The state stores one instant: the latest of all leads that any run has read, and never a future one."""
    sandbox.add_leads(ingestion_dates=[clock.now - 9 * DAY, clock.now - 8 * DAY])
    first = run_tap(start_date="2026-11-01")
    assert first.state["bookmarks"]["leads"]["last_lead_at"] == to_rfc3339(clock.now - 8 * DAY)
    clock.now += DAY
    assert run_tap(start_date="2026-11-01", state=first.state).state["bookmarks"]["leads"].keys() == {
        "replication_key",
        "replication_key_value",
        "last_lead_at",
        "refresh",
    }


def test_odd_instant_of_the_last_lead_is_named(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """An entry that is not an instant is named, before any request."""
    state = after_a_lead(run_tap, sandbox, clock)
    state["bookmarks"]["leads"]["last_lead_at"] = "yesterday"
    sandbox.statistics.reset()
    run = run_tap(state=state)
    assert isinstance(run.error, SettingsError)
    assert "`bookmarks.leads.last_lead_at`" in str(run.error)
    assert sandbox.statistics.requests == 0
