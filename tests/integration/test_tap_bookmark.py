"""The bookmark: the instant up to which everything has been read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import EmptyPeriod, Fault, FaultKind, SandboxOptions
from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_sandbox import Sandbox
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, TapRunner

DAY = 86_400
HOUR = 3600


def state(bookmark: str) -> dict[str, Any]:
    return {"bookmarks": {"leads": {"replication_key": "ingestionDate", "replication_key_value": bookmark}}}


def test_state_is_the_bookmark_and_nothing_else(run_tap: TapRunner) -> None:
    """Without the refresh, the state holds only the replication key and one instant in the fixed form."""
    assert run_tap(start_date="2026-11-20", refresh_days=0).state == state("2026-11-23T08:00:00Z")


@pytest.mark.parametrize(
    ("sandbox_options", "requests"),
    [
        (SandboxOptions(enforce_limit=False, empty=EmptyPeriod.EMPTY_200), 1),
        (SandboxOptions(enforce_limit=False), 2),
    ],
    indirect=["sandbox_options"],
    ids=["empty list", "404"],
)
def test_nothing_new_costs_one_request(run_tap: TapRunner, sandbox: Sandbox, clock: Clock, requests: int) -> None:
    """A second run with nothing new makes one request; if 404 means "empty", one more proves the route."""
    sandbox.add_leads(ingestion_dates=[clock.now - DAY])
    first = run_tap(start_date="2026-11-01")
    assert len(first.records) == 1
    sandbox.statistics.reset()
    clock.now += 60
    second = run_tap(start_date="2026-11-01", state=first.state)
    assert (sandbox.statistics.requests, second.records) == (requests, [])
    assert second.bookmark == to_rfc3339(clock.now)


def test_next_run_brings_what_is_new(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A run reads from the bookmark: leads after it, and none from before the lookback."""
    sandbox.add_leads(ingestion_dates=[clock.now - DAY])
    first = run_tap(start_date="2026-11-01")
    clock.now += 600
    new = sandbox.add_leads(ingestion_dates=[clock.now - 300, clock.now - 1])
    assert run_tap(start_date="2026-11-01", state=first.state).ids == new


def test_second_of_the_runs_start_is_not_lost(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A lead that arrives in the second of a run's start, after the reading, is in the next run, without lookback."""
    first = run_tap(start_date="2026-11-20", lookback_seconds=0)
    new = sandbox.add_leads(ingestion_dates=[clock.now])
    clock.now += 60
    assert run_tap(start_date="2026-11-20", lookback_seconds=0, state=first.state).ids == new


@pytest.mark.parametrize(
    "sandbox_options", [SandboxOptions(enforce_limit=False, visible_after_seconds=HOUR)], indirect=True
)
def test_lookback_finds_what_became_visible_late(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A lead that was not visible yet when its time was read is found by a later run."""
    late = sandbox.add_leads(ingestion_dates=[clock.now - HOUR // 2])
    first = run_tap(start_date="2026-11-20")
    assert first.ids == []
    clock.now += HOUR
    assert run_tap(start_date="2026-11-20", state=first.state).ids == late


def test_lookback_does_not_pass_the_start_date(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A lead from before `start_date` is never emitted, for any lookback and any bounds of the API."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR - 1, clock.now - HOUR - 2])
    kept = sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
    start_date = to_rfc3339(clock.now - HOUR)
    first = run_tap(start_date=start_date)
    assert first.ids == kept
    assert run_tap(start_date=start_date, state=first.state).ids == kept


def test_bookmark_moves_over_quiet_weeks(run_tap: TapRunner) -> None:
    """Windows without leads count as read."""
    assert run_tap(start_date="2026-01-01").bookmark == "2026-11-23T08:00:00Z"


def test_bookmark_never_goes_back(run_tap: TapRunner, clock: Clock) -> None:
    """Reading the lookback again, or up to an earlier `end_date`, leaves a later bookmark where it is."""
    later = state(to_rfc3339(clock.now - 60))
    assert run_tap(state=later, end_date="2026-11-22").state == later
    assert run_tap(state=state(to_rfc3339(clock.now + 60))).bookmark == to_rfc3339(clock.now + 60)


def test_bookmark_never_passes_the_end_date(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """`end_date` bounds the run: it emits no later lead, and its bookmark is no later."""
    sandbox.add_leads(ingestion_dates=[from_iso8601("2026-11-10"), from_iso8601("2026-11-11") + 1])
    run = run_tap(start_date="2026-11-01", end_date="2026-11-11")
    assert len(run.records) == 1
    assert run.bookmark == "2026-11-11T00:00:00Z"


def test_shards_that_share_an_instant_lose_nothing(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """Two backfills, one up to an instant and one from it, read every lead around it."""
    instant = from_iso8601("2026-11-11")
    leads = sandbox.add_leads(ingestion_dates=[instant + offset for offset in (-2, -1, 0, 1, 2)])
    left = run_tap(start_date="2026-11-01", end_date="2026-11-11")
    right = run_tap(start_date="2026-11-11", end_date="2026-11-20")
    assert set(left.ids) | set(right.ids) == set(leads)


def test_failed_run_keeps_what_is_finished(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A failed run leaves the end of its last finished window as bookmark, and the next run continues from there."""
    leads = sandbox.add_leads(ingestion_dates=[clock.now - day * DAY for day in range(1, 21)])
    sandbox.script(Fault(FaultKind.STATUS, status=400, after=3))  # after the proof that the first window has ended
    failed = run_tap(start_date="2026-11-02T08:00:00Z", max_concurrent_requests=1)
    assert failed.error is not None
    assert failed.bookmark == to_rfc3339(from_iso8601("2026-11-02T08:00:00Z") + 2 * (7 * DAY - 1))
    sandbox.script()
    resumed = run_tap(start_date="2026-11-02T08:00:00Z", state=failed.state)
    assert set(failed.ids) | set(resumed.ids) == set(leads)
    assert len(resumed.records) < len(leads)


def test_bookmark_waits_for_the_whole_window(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Pages of a window that was not read to the end do not move the bookmark, even if their leads are recent."""
    sandbox.add_leads(ingestion_dates=[clock.now - 1000 + index for index in range(250)])
    sandbox.script(Fault(FaultKind.STATUS, status=400, after=2))
    run = run_tap(start_date="2026-11-22")
    assert len(run.records) == 200
    assert run.bookmark is None


def ticking(seconds: float) -> Callable[[LeadsStream], None]:
    """Let this much time pass for the tap each time that it reads its clock."""

    def tick(stream: LeadsStream) -> None:
        ticks = itertools.count()
        stream.monotonic = lambda: next(ticks) * seconds

    return tick


def test_states_are_written_during_the_run(run_tap: TapRunner) -> None:
    """The state is written as the bookmark moves, so that the next run continues after a kill; it never goes back."""
    run = run_tap(start_date="2026-01-01", before=ticking(1), max_concurrent_requests=1, refresh_days=0)
    bookmarks = [value["bookmarks"]["leads"]["replication_key_value"] for value in run.states]
    assert len(bookmarks) == 47
    assert all(earlier < later for earlier, later in itertools.pairwise(bookmarks))


def test_states_are_a_second_apart(run_tap: TapRunner) -> None:
    """A fast run writes no STATE for most of its windows, since a loader commits on each."""
    run = run_tap(start_date="2026-01-01", before=ticking(0.1), max_concurrent_requests=1)
    assert 3 < len(run.states) < 30  # of 47 windows


def test_records_come_before_the_state_that_covers_them(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A loader that stores a state has received every lead before its bookmark."""
    sandbox.add_leads(ingestion_dates=[clock.now - hour * HOUR for hour in range(1, 800)])
    run = run_tap(start_date="2026-10-20", window_days=1, before=ticking(1))
    bookmark = ""
    for message in run.messages:
        if message["type"] == "STATE":
            bookmark = message["value"]["bookmarks"]["leads"]["replication_key_value"]
        elif message["type"] == "RECORD":
            assert message["record"]["ingestionDate"] >= bookmark
    assert len(run.states) > 4


@pytest.mark.parametrize("value", ["yesterday", 5, {"a": 1}])
def test_unreadable_bookmark_is_an_error(run_tap: TapRunner, sandbox: Sandbox, value: object) -> None:
    """A malformed bookmark never means "from the start" or "from now": the run ends and names it."""
    run = run_tap(state={"bookmarks": {"leads": {"replication_key_value": value}}})
    assert "replication_key_value" in str(run.error)
    assert sandbox.statistics.requests == 0


def test_bookmark_in_the_future_is_an_error(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A bookmark in the future, from a wrong clock, ends the run, which says what to set back."""
    run = run_tap(state=state(to_rfc3339(clock.now + DAY)))
    assert "`replication_key_value`" in str(run.error)
    assert sandbox.statistics.requests == 0
    assert run_tap(state=state(to_rfc3339(clock.now + 60))).error is None


def test_full_table_reads_from_the_start_and_keeps_no_bookmark(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock
) -> None:
    """With FULL_TABLE in the catalog, the tap reads everything, whatever the state says."""
    old = sandbox.add_leads(ingestion_dates=[clock.now - 10 * DAY])

    def force(stream: LeadsStream) -> None:
        stream.forced_replication_method = "FULL_TABLE"

    later = state(to_rfc3339(clock.now - 60))
    run = run_tap(start_date="2026-11-01", state=later, before=force)
    assert run.ids == old
    assert run.state == later
