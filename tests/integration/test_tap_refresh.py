"""The refresh: windows that are read again, so that erasures are loaded."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import StoppedError
from seeker_leads_sandbox import Fault, FaultKind, Order, Sandbox, SandboxOptions
from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339
from tap_seeker_leads.state.refresh import GRID_SECONDS, LIFE_SECONDS
from tests.refreshed_runs import DAY, HOUR, entry, loaded, old_leads

if TYPE_CHECKING:
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, TapRunner


def test_first_load_counts_as_a_cycle(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """After a first load, everything is verified: the state says so in three instants, and nothing is due."""
    old_leads(sandbox, clock)
    first = loaded(run_tap, sandbox)
    now = to_rfc3339(clock.now)
    assert entry(first) == {
        "next": to_rfc3339(clock.now - LIFE_SECONDS),
        "cycle_started_at": now,
        "verified_since": now,
    }
    assert first.bookmark == now


def test_run_with_nothing_due_makes_no_extra_request(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A run five minutes later makes the same requests as without the refresh, and emits nothing more."""
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += 300
    requests = []
    for refresh_days in (30, 0):
        sandbox.statistics.reset()
        run = run_tap(state=state, refresh_days=refresh_days)
        assert run.ids == []
        assert run.state["bookmarks"]["leads"]["refresh"] == entry(run)
        requests.append(sandbox.statistics.requests)
    assert requests[0] == requests[1]


def test_due_run_reads_one_more_window(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A run five hours after a load reads one window of 157 again, the oldest, with one request."""
    ids = sandbox.add_leads(ingestion_dates=[clock.now - LIFE_SECONDS + 2 * DAY, clock.now - 1])
    state = loaded(run_tap, sandbox).state
    clock.now += 5 * HOUR
    (new,) = sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
    without = run_tap(state=state, refresh_days=0)
    requests = sandbox.statistics.requests
    sandbox.statistics.reset()
    run = run_tap(state=state)
    assert without.ids == [ids[1], new]
    assert run.ids == [ids[1], new, ids[0]]
    assert sandbox.statistics.requests == requests + 1
    assert from_iso8601(entry(run)["next"]) % GRID_SECONDS == 0


def test_erasure_comes_within_a_month_of_daily_runs(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """In a month of daily runs, each old lead is emitted again once, erased ones too; the bookmark stays up to date."""
    ids = old_leads(sandbox, clock)
    run = loaded(run_tap, sandbox)
    rows = {record["leadId"]: record for record in run.records}
    erased = sandbox.erase(20)
    seen: list[str] = []
    for _ in range(30):
        clock.now += DAY
        sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
        run = run_tap(state=run.state)
        assert run.error is None
        assert run.bookmark == to_rfc3339(clock.now)
        assert len(run.ids) == len(set(run.ids))
        rows |= {record["leadId"]: record for record in run.records}
        seen += [lead_id for lead_id in run.ids if lead_id in ids]
    gone = [lead_id for lead_id in ids if lead_id not in seen]
    assert all(from_iso8601(rows[lead_id]["ttl"]) <= clock.now for lead_id in gone)  # past their `ttl`
    assert len(seen) == len(set(seen)) > 340
    for lead_id in {*erased} - {*gone}:
        assert rows[lead_id]["isErased"]
        assert not rows[lead_id]["contactRequest"]["email"]
    assert entry(run)["verified_since"] == to_rfc3339(clock.now - 30 * DAY)


def test_new_leads_and_their_state_come_first(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """The bookmark never waits for the refresh: it is written before the first lead that is read again."""
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += DAY
    (new,) = sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
    run = run_tap(state=state)
    records = [index for index, message in enumerate(run.messages) if message["type"] == "RECORD"]
    assert run.messages[records[0]]["record"]["leadId"] == new
    (between, *_) = run.messages[records[0] + 1 :]
    assert between["value"]["bookmarks"]["leads"]["replication_key_value"] == to_rfc3339(clock.now)
    assert len(records) > 1


def test_failed_refresh_is_an_error_after_the_state(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """If the refresh fails, the run ends; bookmark and refresh progress are written, and the next run continues."""
    ids = old_leads(sandbox, clock, step=1)
    state = loaded(run_tap, sandbox).state
    clock.now += 2 * DAY
    sandbox.script(Fault(FaultKind.STATUS, status=400, after=4))
    failed = run_tap(state=state, max_concurrent_requests=1)
    assert failed.error is not None
    assert failed.bookmark == to_rfc3339(clock.now)
    sandbox.script()
    resumed = run_tap(state=failed.state, max_concurrent_requests=1)
    assert resumed.error is None
    again = [lead_id for lead_id in [*failed.ids, *resumed.ids] if lead_id in ids[:-5]]
    assert len(again) == len(set(again)) > 50
    assert failed.ids
    assert from_iso8601(entry(failed)["next"]) < from_iso8601(entry(resumed)["next"])


def test_refresh_continues_from_every_state(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """After a kill at any point, the next run reads the rest of what was due, and nothing that a STATE covers."""
    ids = old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += 3 * DAY
    whole = run_tap(state=state, before=ticking, max_concurrent_requests=1)
    due = [lead_id for lead_id in whole.ids if lead_id in ids]
    assert len(whole.states) > 10
    given: list[str] = []
    for message in whole.messages:
        if message["type"] == "RECORD":
            given.append(message["record"]["leadId"])
        elif message["type"] == "STATE":
            rest = run_tap(state=message["value"])
            assert sorted([*given, *rest.ids]) == sorted(due)
            assert entry(rest) == entry(whole)


def ticking(stream: LeadsStream) -> None:
    """Let five seconds pass for the tap each time that it reads its clock, so that each STATE is written."""
    stream.monotonic = itertools.count(0, 5).__next__


def test_signal_ends_the_refresh_in_order(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A signal during the refresh ends the run with the bookmark of all new leads, and no partial line."""
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += 2 * DAY

    def stop_at_the_second_state(stream: LeadsStream) -> None:
        ticking(stream)
        written = stream._writer.write_message

        def write(message: Any) -> None:
            written(message)
            refresh = message.to_dict().get("value", {}).get("bookmarks", {}).get("leads", {}).get("refresh", {})
            if refresh.get("next", "") > "2023-12":
                stream.stop(15)

        stream._writer.write_message = write  # type: ignore[method-assign]

    run = run_tap(state=state, before=stop_at_the_second_state, max_concurrent_requests=1)
    assert isinstance(run.error, StoppedError)
    assert run.bookmark == to_rfc3339(clock.now)


def test_leads_past_their_ttl_are_not_written_again(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A lead past its `ttl` is not emitted again, even if the API lists it; a lead without `ttl` is."""
    second = clock.now - LIFE_SECONDS + DAY
    for name, ttl in [("over", clock.now + HOUR), ("lives", clock.now + 9 * DAY), ("none", None)]:
        metadata = {"leadId": name, "ingestionDate": second, "TTL": ttl, "leadCategory": "AGENCY"}
        sandbox.add_leads(leads=[{"metadata": metadata, "contactRequest": {}}])
    first = loaded(run_tap, sandbox)
    assert len(first.ids) == 3
    clock.now += 5 * HOUR
    assert sorted(run_tap(state=first.state).ids) == ["lives", "none"]


@pytest.mark.parametrize("order", list(Order))
def test_refresh_repeats_no_lead_of_its_run(order: Order, clock: Clock) -> None:
    """Leads of the seconds between live part and refresh, and leads without a date, are emitted once per run."""
    from tests.tap_runs import TapRunner  # noqa: PLC0415  # this test has its own sandbox

    with Sandbox.start(SandboxOptions(enforce_limit=False, order=order), clock=clock) as sandbox:
        run_tap = TapRunner(clock, sandbox)
        state = loaded(run_tap, sandbox).state
        seam = clock.now - 2 * HOUR
        ids = sandbox.add_leads(ingestion_dates=[seam + offset for offset in range(-3, 4) for _ in range(3)])
        clock.now += 31 * DAY
        assert sorted(run_tap(state=state).ids) == sorted(ids)
