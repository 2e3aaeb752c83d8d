"""The tap reads every dialect that the API's documentation leaves open."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import EmptyPeriod, Links, Order, PageStatus, Sandbox, SandboxOptions
from tests.dialects import KNOWN_EMPTY, covering_dialects, name
from tests.tap_runs import TapRunner

if TYPE_CHECKING:
    from tests.tap_runs import Clock

DAY = 86_400
OTHER_EMPTY = [form for form in EmptyPeriod if form not in KNOWN_EMPTY]
OTHER_DIALECTS = [
    SandboxOptions(enforce_limit=False, empty=e, links=li, page_status=PageStatus.ALWAYS_200)
    for e, li in itertools.product(OTHER_EMPTY, (Links.ALWAYS, Links.NONE))
]
#: Servers that return fewer leads than requested, with and without a sign of more.
CAPPING = [
    SandboxOptions(enforce_limit=False, page_cap=30, order=o, empty=e, links=li, page_status=s)
    for o, e, li, s in itertools.product(Order, KNOWN_EMPTY, (Links.ABSOLUTE, Links.NONE), PageStatus)
]


@pytest.mark.parametrize("sandbox_options", covering_dialects(strength=3), indirect=True, ids=name)
def test_each_lead_comes_once_in_every_dialect(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """With leads on window edges, 1,000 in one second and empty weeks, each lead is read exactly once per run.

    Every three values of a dialect occur together; the soak takes its dialects from the full product.
    """
    start = clock.now - 30 * DAY
    step = 7 * DAY - 1  # the tap's windows
    edges = [start + index * step + offset for index in (1, 2) for offset in (-2, -1, 0, 1, 2)]
    sandbox.add_leads(ingestion_dates=[start, start, *edges, *edges, *[start + 2 * step] * 1000, clock.now - 1])
    run = run_tap(start_date="2026-10-24T08:00:00Z")
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == len(sandbox.store)
    assert run.bookmark == "2026-11-23T08:00:00Z"


@pytest.mark.parametrize("sandbox_options", covering_dialects(strength=2), indirect=True, ids=name)
@pytest.mark.parametrize("page_size", [1, 7])
def test_small_pages_are_complete_too(run_tap: TapRunner, sandbox: Sandbox, clock: Clock, page_size: int) -> None:
    """The cursor leads through pages of any size, including full last pages."""
    sandbox.add_leads(ingestion_dates=[clock.now - 3 * DAY + index // 3 for index in range(28)])
    run = run_tap(start_date="2026-11-01", page_size=page_size, window_days=1)
    assert run.error is None
    assert sorted(run.ids) == sorted(set(run.ids))
    assert len(run.ids) == 28


@pytest.mark.parametrize("sandbox_options", CAPPING, indirect=True, ids=name)
def test_server_that_caps_its_pages_loses_no_lead(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Pages that are never full end no window early, even if only the leads after them show that there is more."""
    # No lead is on the edge of a window: if read first, it would really be the last of its window.
    ages_days = [day + part / 50 for day in (1, 9, 17) for part in range(1, 41)]
    sandbox.add_leads(ingestion_dates=[clock.now - int(age * DAY) for age in ages_days])
    run = run_tap(start_date="2026-10-24T08:00:00Z")
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 120
    assert run.bookmark == "2026-11-23T08:00:00Z"


@pytest.mark.parametrize("quiet_leads", [3, 30], ids=["below the cap", "as many as the cap"])
def test_quiet_week_proves_nothing_about_full_ones(clock: Clock, quiet_leads: int) -> None:
    """The proof from a quiet week's page does not hide a cap: the tap looks for leads after larger pages."""
    options = SandboxOptions(enforce_limit=False, page_cap=30, links=Links.NONE, page_status=PageStatus.ALWAYS_200)
    ages_days = [29 + part / 50 for part in range(quiet_leads)]
    ages_days += [day + part / 50 for day in (1, 9, 17) for part in range(40)]
    with Sandbox.start(options, clock=clock) as sandbox:
        leads = sandbox.add_leads(ingestion_dates=[clock.now - int(age * DAY) for age in ages_days])
        run = TapRunner(clock, sandbox)(start_date="2026-10-24T08:00:00Z", max_concurrent_requests=1)
    assert (run.error, sorted(run.ids)) == (None, sorted(leads))


@pytest.mark.parametrize("links", Links)
@pytest.mark.parametrize("page_status", PageStatus)
def test_ids_with_a_plus_are_cursors_in_every_form_of_link(clock: Clock, links: Links, page_status: PageStatus) -> None:
    """A link may hold the `+` of an id unescaped: it is read as part of the id, not as a blank."""
    options = SandboxOptions(enforce_limit=False, links=links, page_status=page_status)
    with Sandbox.start(options, clock=clock) as sandbox:
        ids = [f"{letter}+{letter} {letter}=" for letter in "abcdefg"]
        metadata = {"ingestionDate": clock.now - DAY, "portal": "SLG-FRA"}
        sandbox.add_leads(leads=[{"metadata": {"leadId": lead_id, **metadata}} for lead_id in ids])
        run = TapRunner(clock, sandbox)(start_date="2026-11-20", page_size=2)
    assert (run.error, sorted(run.ids)) == (None, ids)


@pytest.mark.parametrize("sandbox_options", OTHER_DIALECTS, indirect=True, ids=name)
def test_empty_period_in_any_other_form_is_empty(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Empty weeks, and empty ends of full ones, end a window in every form that servers use for an empty list."""
    sandbox.add_leads(ingestion_dates=[clock.now - 20 * DAY + index for index in range(200)])
    run = run_tap(start_date="2026-10-24T08:00:00Z")
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 200
    assert run.bookmark == "2026-11-23T08:00:00Z"


@pytest.mark.parametrize(
    "sandbox_options", [SandboxOptions(enforce_limit=False, empty=e) for e in EmptyPeriod], indirect=True
)
def test_empty_account_has_a_bookmark(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """An account without leads is read to now without record or error, and the next run starts from there."""
    run = run_tap()
    assert (run.error, run.records) == (None, [])
    assert run.bookmark == "2026-11-23T08:00:00Z"
    assert sandbox.statistics.requests == 157  # three years in weeks
