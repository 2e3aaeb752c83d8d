from __future__ import annotations

import pytest

from target_seeker_leads.delivery.failure_action import MAX_FAILURES_IN_A_ROW, Action, Failure
from target_seeker_leads.delivery.held import HeldRecords

REFUSED = Failure.REFUSED


def never(_: str) -> bool:
    return False


def test_lead_in_progress_at_a_failure_proves_nothing() -> None:
    """Only a lead that was sent after a failure shows that others are accepted: an account may close in between."""
    held = HeldRecords[str]()
    under_way = held.begin()
    assert held.failed("a", "a", REFUSED) is Action.HOLD
    assert held.accepted(under_way) == []
    assert held.accepted(held.begin()) == ["a"]
    assert held.accepted(held.begin()) == [], "kept once"


def test_five_failures_in_a_row_stop_the_run_and_keep_nothing() -> None:
    """From the fifth failure with no lead accepted in between, nothing is kept, whatever arrives later."""
    held = HeldRecords[str]()
    assert held.accepted(held.begin()) == []
    actions = [held.failed(str(number), str(number), REFUSED) for number in range(MAX_FAILURES_IN_A_ROW)]
    assert actions == [Action.HOLD] * (MAX_FAILURES_IN_A_ROW - 1) + [Action.STOP]
    assert held.accepted(held.begin()) == []
    assert held.end(never) == ([], [])


def test_lead_in_between_begins_the_row_anew() -> None:
    """Failures between accepted leads never stop a run, however many there are."""
    held = HeldRecords[str]()
    for number in range(3 * MAX_FAILURES_IN_A_ROW):
        assert held.failed(str(number), str(number), REFUSED) is Action.HOLD
        assert held.accepted(held.begin()) == [str(number)]
    assert held.end(never) == ([], [])


def test_outage_over_three_runs_keeps_nothing() -> None:
    """While nothing is accepted, every run leaves its records; the first accepted lead shows which are at fault."""
    for failure in (REFUSED, Failure.LOST_TOO_OFTEN):
        for _ in range(3):
            held = HeldRecords[str]()
            assert held.failed("a", "a", failure) is Action.HOLD
            assert held.end(never) == ([], ["a"])
        held = HeldRecords[str]()
        held.failed("a", "a", failure)
        assert held.accepted(held.begin()) == ["a"]


def test_end_of_a_run_asks_the_ledger() -> None:
    """A lead that another run had accepted since a record's first try shows that the record is at fault."""
    held = HeldRecords[str]()
    held.failed("a", "a", REFUSED)
    held.failed("b", "b", Failure.LOST_TOO_OFTEN)
    assert held.end(lambda record: record == "b") == (["b"], ["a"])


def test_one_record_that_comes_again_counts_once() -> None:
    """Failed updates of one row count as one failure: the run continues with the records after them."""
    held = HeldRecords[str]()
    actions = [held.failed(f"update {number}", "row 1", REFUSED) for number in range(3 * MAX_FAILURES_IN_A_ROW)]
    assert set(actions) == {Action.HOLD}
    assert len(held.accepted(held.begin())) == 3 * MAX_FAILURES_IN_A_ROW


def test_what_failed_before_others_were_accepted_stops_nothing() -> None:
    """Records that an earlier run tried, while others were accepted since, are at fault, however many there are."""
    held = HeldRecords[str]()
    for number in range(3 * MAX_FAILURES_IN_A_ROW):
        assert held.failed(str(number), str(number), REFUSED, accepted_since_first_try=True) is Action.KEEP
    assert held.end(never) == ([], [])


@pytest.mark.parametrize(("failures", "kept"), [(1, 1), (2, 0), (4, 0)])
def test_failures_at_the_end_of_a_run_may_be_an_outage(failures: int, kept: int) -> None:
    """A single failure after accepted leads is the record's fault; several are left to the next run."""
    held = HeldRecords[str]()
    held.accepted(held.begin())
    for number in range(failures):
        assert held.failed(str(number), str(number), REFUSED) is Action.HOLD
    keep, leave = held.end(never)
    assert (len(keep), len(leave)) == (kept, failures - kept)
