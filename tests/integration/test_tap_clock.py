"""A machine whose clock differs from the API's."""

from __future__ import annotations

import json
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.hostile_server import Asked, HostileServer, http, page
from tests.tap_runs import NOW, Clock

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import TapRunner

DAY = 86_400
PROBLEM = json.dumps({"type": "about:blank", "title": "Not Found", "status": 404})


def warnings_of_the_clock(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if "machine's clock" in record.getMessage()]


def test_clock_that_stays_ahead_loses_no_lead(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The bookmark never passes the API's own time, so the next run reads what came since; each run warns once."""
    state = None
    run_tap.clock = Clock(clock.now + DAY)
    for number in range(3):
        new = sandbox.add_leads(ingestion_dates=[clock.now - 60, clock.now - 1])
        caplog.clear()
        run = run_tap(start_date="2026-11-01", lookback_seconds=0, state=state)
        assert (run.error, sorted(run.ids)) == (None, sorted(new)), number
        assert run.bookmark == to_rfc3339(clock.now)
        (warning,) = warnings_of_the_clock(caplog)
        assert f"{DAY} seconds ahead" in warning
        state = run.state
        clock.now += 300
        run_tap.clock.now += 300


@pytest.mark.parametrize("seconds", [-DAY, -1, 0, 300])
def test_clock_within_the_tolerance_is_not_mentioned(
    run_tap: TapRunner, clock: Clock, caplog: pytest.LogCaptureFixture, seconds: int
) -> None:
    """A clock that is behind, or ahead within the tolerance, causes no warning; the earlier of both clocks counts."""
    run_tap.clock = Clock(clock.now + seconds)
    run = run_tap(start_date="2026-11-01")
    assert run.bookmark == to_rfc3339(clock.now + min(seconds, 0))
    assert warnings_of_the_clock(caplog) == []


def test_bookmark_that_is_ahead_is_not_moved_back(run_tap: TapRunner, clock: Clock) -> None:
    """A bookmark that an earlier run set ahead stays until the API's time has passed it."""
    later = {"bookmarks": {"leads": {"replication_key_value": to_rfc3339(clock.now + 600)}}}
    run_tap.clock = Clock(clock.now + DAY)
    assert run_tap(state=later).bookmark == to_rfc3339(clock.now + 600)


@pytest.mark.parametrize("date", [None, "soon", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_without_the_apis_time_this_machines_is_used(run_tap: TapRunner, date: str | None) -> None:
    """If a server sends no date, or an absurd one, the bookmark is the start of the run."""
    headers: dict[str, Any] = {} if date is None else {"Date": date}
    with HostileServer(lambda _: http(page([]), **headers)) as server:
        run = run_tap(api_url=server.url, start_date="2026-11-01")
    assert (run.error, run.bookmark) == (None, to_rfc3339(NOW))


def test_earliest_date_of_all_answers_counts(run_tap: TapRunner) -> None:
    """The earliest date of all answers, empty periods included, bounds the bookmark."""

    def answer(asked: Asked) -> list[bytes]:
        date = formatdate(NOW - 10 * asked.number, usegmt=True)
        return http(PROBLEM, 404, Date=date) if asked.number == 3 else http(page([]), Date=date)

    with HostileServer(answer) as server:
        run = run_tap(api_url=server.url, start_date="2026-11-01", max_concurrent_requests=1)
    assert len(server.asked) == 4
    assert (run.error, run.bookmark) == (None, to_rfc3339(NOW - 30))
