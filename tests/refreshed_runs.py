"""Runs of the tap that refresh old leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Clock, Run, TapRunner
DAY = 86_400
HOUR = 3600


def old_leads(sandbox: Sandbox, clock: Clock, *, step: int = 3) -> list[str]:
    """Add one lead every few days of almost three years, oldest first."""
    return sandbox.add_leads(ingestion_dates=[clock.now - day * DAY for day in range(1090, 0, -step)])


def entry(run: Run) -> dict[str, Any]:
    refresh: dict[str, Any] = run.state["bookmarks"]["leads"]["refresh"]
    return refresh


def loaded(run_tap: TapRunner, sandbox: Sandbox) -> Run:
    """Run a first load, then reset the statistics."""
    first = run_tap()
    assert first.error is None
    sandbox.statistics.reset()
    return first
