"""The number of resends is limited by `max_resends`, over all runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox.faults.faults import FaultKind
from tests.ledger_tools import rows
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import Sent, TargetRunner

MESSAGES = [SCHEMA, record(1), state(1)]


def resends_told(run: Sent) -> tuple[int, int]:
    """How many leads the report counts as sent again, and how often."""
    lines = [line for line in run.log if "leads were sent again" in line]
    if not lines:
        return 0, 0
    return int(lines[0].split()[0]), int(lines[0].split("lost, ")[1].split()[0])


@pytest.fixture
def run_target(run_target: TargetRunner, url: str) -> TargetRunner:
    run_target.config |= {"ledger_url": url, "max_concurrent_requests": 1}
    return run_target


@pytest.mark.parametrize("max_retries", [1, 2, 7])
def test_resends_are_bounded_over_all_runs(
    run_target: TargetRunner, sandbox: Sandbox, url: str, max_retries: int
) -> None:
    """A gateway that loses every answer gets a lead once and `max_resends` times again; each resend is reported."""
    told = 0
    for _ in range(12):
        sandbox.script(on_post(FaultKind.LOST_ANSWER, times=min(max_retries + 1, 6)))
        run = run_target([SCHEMA, record(1), record(2), state(1)], max_retries=max_retries, max_resends=5)
        told += resends_told(run)[1]
        if run.error is None:
            break
        assert run.states == []
        assert run.rejects == []
    assert run.states == [1]
    assert [lead["lastName"] for lead in sandbox.created].count("Dupont1") == 6
    assert sorted(rows(url, "status, resends")) == [("delivered", 0), ("unknown", 5)]
    assert told == 5
    assert "may or may not exist" in run.rejects[0]["reasons"][0]["rule"]
    assert "1 skipped as unknown before" in run_target([SCHEMA, record(1)]).summary


def test_outage_keeps_nothing_and_tries_once_a_run(run_target: TargetRunner, sandbox: Sandbox, url: str) -> None:
    """At the limit, with nothing accepted since the first try, each run tries once, and ends with an error."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER))
    first = run_target(MESSAGES, max_resends=3)
    assert "POST /leads" in str(first.error)
    assert len(sandbox.created) == 4
    assert resends_told(first) == (1, 3)
    for number in (1, 2, 3):
        again = run_target(MESSAGES, max_resends=3)
        assert again.error is not None
        assert again.states == []
        assert again.rejects == []
        assert len(sandbox.created) == 4 + number
        assert resends_told(again) == (1, 1)
    assert rows(url, "status, resends") == [("sending", 6)]
    sandbox.script()
    assert run_target(MESSAGES, max_resends=3).states == [1]


def test_lead_at_the_resend_limit_becomes_a_dead_letter(run_target: TargetRunner, sandbox: Sandbox, url: str) -> None:
    """At the limit, once another lead was accepted, the record is kept and not sent any more."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER))
    run_target(MESSAGES, max_resends=1)
    sandbox.script()
    run_target([SCHEMA, record(2)], max_resends=1)
    assert "1 of unknown outcome" in run_target(MESSAGES, max_resends=1, dry_run=True).summary
    sent = len(sandbox.created)
    run = run_target(MESSAGES, max_resends=1)
    assert run.states == [1]
    assert "1 of unknown outcome" in run.summary
    assert len(sandbox.created) == sent
    assert sorted(rows(url, "status")) == [("delivered",), ("unknown",)]


def test_outage_of_many_stops_after_five(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Lost answers of five records in a row, with nothing accepted, stop the run: no single lead is at fault."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER))
    run = run_target([SCHEMA, *(record(number) for number in range(20)), state(1)], max_resends=1)
    assert "5 records in a row" in str(run.error)
    assert run.rejects == []
    assert len(sandbox.created) == 10


def test_lost_answer_does_not_stop_the_others(run_target: TargetRunner, sandbox: Sandbox, url: str) -> None:
    """Below the limit, a lost record is left to the next run; the others of this run arrive, and STATE waits for it."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER, times=1))
    run = run_target([SCHEMA, record(1), record(2), state(1)], max_retries=0)
    assert run.error is not None
    assert run.states == []
    assert "1 created" in run.summary
    again = run_target([SCHEMA, record(1), record(2), state(1)], max_retries=0)
    assert again.states == [1]
    assert sorted(rows(url, "status, resends")) == [("delivered", 0), ("delivered", 1)]


def test_reject_never_resends(run_target: TargetRunner, sandbox: Sandbox, url: str) -> None:
    """With `reject` the limit has no effect: the first lost answer is a dead letter."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER))
    run = run_target(MESSAGES, on_unknown_outcome="reject")
    assert run.error is None
    assert len(sandbox.created) == 1
    assert rows(url, "status, resends") == [("unknown", 0)]
