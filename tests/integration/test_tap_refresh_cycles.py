"""When a cycle of the refresh begins, is off, is late, or has an odd state."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_sandbox import Fault, FaultKind, Sandbox
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.state.refresh import LIFE_SECONDS
from tests.refreshed_runs import DAY, HOUR, entry, loaded, old_leads

if TYPE_CHECKING:
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, TapRunner


@pytest.mark.parametrize("config", [{"refresh_days": 0}, {"end_date": "2026-12-20"}])
def test_refresh_can_be_off(run_tap: TapRunner, sandbox: Sandbox, clock: Clock, config: dict[str, Any]) -> None:
    """With the refresh off, or with an `end_date`, nothing is read again, and the entry does not change."""
    old_leads(sandbox, clock)
    first = loaded(run_tap, sandbox)
    clock.now += 20 * DAY
    run = run_tap(state=first.state, **config)
    assert len(run.ids) == 0
    assert entry(run) == entry(first)
    assert "refresh" not in run_tap(start_date="2026-11-01", **config).state["bookmarks"]["leads"]


def test_full_table_run_is_not_part_of_a_cycle(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """With FULL_TABLE in the catalog, each lead is emitted once, and the state does not change."""
    ids = old_leads(sandbox, clock)
    first = loaded(run_tap, sandbox)
    clock.now += HOUR

    def force(stream: LeadsStream) -> None:
        stream.forced_replication_method = "FULL_TABLE"

    run = run_tap(state=first.state, before=force)
    assert sorted(run.ids) == sorted(ids)
    assert run.state == first.state


def test_state_without_the_entry_begins_a_cycle(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A state of an earlier version is accepted: nothing is due at once, and nothing counts as verified."""
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    del state["bookmarks"]["leads"]["refresh"]
    clock.now += 60 * DAY
    run = run_tap(state=state)
    assert run.ids == []
    assert entry(run) == {
        "next": to_rfc3339(clock.now - LIFE_SECONDS),
        "cycle_started_at": to_rfc3339(clock.now),
        "verified_since": None,
    }


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ("2026", "refresh"),
        ([], "refresh"),
        ({}, "next"),
        ({"next": "soon", "cycle_started_at": "2026-11-01", "verified_since": None}, "refresh.next"),
        ({"next": "2024-11-01", "verified_since": None}, "cycle_started_at"),
        ({"next": "2024-11-01", "cycle_started_at": "2026-11-01", "verified_since": 5}, "refresh.verified_since"),
    ],
)
def test_odd_entry_of_the_refresh_is_named(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, odd: object, named: str
) -> None:
    """A malformed entry ends the run before its first request, and is named."""
    own = {"replication_key": "ingestionDate", "replication_key_value": to_rfc3339(clock.now - 60), "refresh": odd}
    run = run_tap(state={"bookmarks": {"leads": own}})
    assert isinstance(run.error, SettingsError)
    assert "`bookmarks.leads.refresh" in str(run.error)
    assert named in str(run.error)
    assert sandbox.statistics.requests == 0


def test_run_says_what_it_read_again(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """The last line counts windows and says since when everything is verified; a metric gives the age in seconds."""
    caplog.set_level(logging.INFO)
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += 15 * HOUR
    run_tap(state=state)
    lines = [record.getMessage() for record in caplog.records]
    assert any(
        line.endswith("is read; refreshed 3 of 157 windows, everything verified since 2026-11-23") for line in lines
    )
    assert any(f'"metric":"refresh_age_seconds","value":{15 * HOUR}' in line for line in lines)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_late_refresh_is_a_warning(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """If the oldest reading is more than twice `refresh_days` ago, each run warns, including failed runs."""
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += 61 * DAY
    sandbox.script(Fault(FaultKind.STATUS, status=400, after=25))
    assert run_tap(state=state).error is not None
    assert [record for record in caplog.records if "61 days ago, more than twice" in record.getMessage()]
    sandbox.script()
    caplog.clear()
    assert run_tap(state=state).error is None
    assert not [record for record in caplog.records if "more than twice" in record.getMessage()]


def test_wrong_clock_does_not_make_everything_due(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """The refresh uses the API's own time, as the bookmark does."""
    old_leads(sandbox, clock)
    state = loaded(run_tap, sandbox).state
    clock.now += 300

    class Ahead:
        now = clock.now + 29 * DAY

    run = type(run_tap)(Ahead(), sandbox)(state=state)  # type: ignore[arg-type]  # only the tap's clock is ahead
    assert run.ids == []
    assert entry(run)["cycle_started_at"] == to_rfc3339(clock.now - 300)
