"""The life of one record in the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Settlement, Status
from tests.ledger_tools import REJECT, RETRY, claim, crash, rows, settlement


def test_delivered_is_skipped_for_good(url: str) -> None:
    """A delivered lead is never sent again: by this run or the next one, as a replay, or with new content."""
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND
        ledger.settle(settlement("k", Status.DELIVERED))
        assert ledger.claim(claim("k")) is Decision.SKIP_DELIVERED
    with Ledger.open(url, REJECT) as ledger:
        assert ledger.claim(claim("k", "b", is_replay=True)) is Decision.SKIP_CHANGED


def test_row_exists_before_the_post_and_shows_the_end(url: str) -> None:
    """When a claim returns, others can read that the record is being sent; when a settlement returns, how it ended."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
        assert rows(url) == [("k", "s", "a", "sending", None, 0)]
        ledger.settle(Settlement(claim("k"), Status.DELIVERED, "request-1", resends=2))
        assert rows(url) == [("k", "s", "a", "delivered", "request-1", 2)]


def test_time_of_the_last_change_is_utc(url: str) -> None:
    """`updated_at` is the instant of the last change, in UTC."""
    at = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
    with Ledger.open(url, RETRY, clock=lambda: at) as ledger:
        ledger.claim(claim("k"))
    ((found,),) = rows(url, "updated_at")
    assert found in (at, "2026-11-23 08:00:00.000000")


def test_reject_is_sent_when_fixed(url: str) -> None:
    """A reject is skipped as long as it is the same, and sent once its content has changed."""
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim("k", will_send=False)) is Decision.SEND
        assert rows(url) == []
        ledger.settle(settlement("k", Status.REJECTED))
        assert ledger.claim(claim("k", will_send=False)) is Decision.SKIP_REJECTED
        assert ledger.claim(claim("k", "b")) is Decision.SEND


def test_others_of_the_run_wait_for_the_holder(url: str) -> None:
    """While a thread holds a record, even only to reject it, no other thread of the run gets it."""
    with Ledger.open(url, RETRY) as ledger:
        for will_send in (True, False):
            assert ledger.claim(claim("k", will_send=will_send)) is Decision.SEND
            assert ledger.claim(claim("k")) is Decision.WAIT
            assert ledger.claim(claim("k", will_send=False)) is Decision.WAIT
            ledger.settle(settlement("k", None))


def test_release_forgets_a_new_record(url: str) -> None:
    """A claim that is known to have created nothing leaves no row."""
    with Ledger.open(url, REJECT) as ledger:
        ledger.claim(claim("k"))
        ledger.settle(settlement("k", None))
        assert rows(url) == []
        assert ledger.claim(claim("k")) is Decision.SEND


def test_release_keeps_an_earlier_unknown_outcome(url: str) -> None:
    """A second POST that created nothing does not make the first one's outcome known."""
    first = Ledger.open(url, RETRY)
    first.claim(claim("k"))
    crash(first)
    with Ledger.open(url, RETRY) as second:
        assert second.claim(claim("k")) is Decision.SEND_AGAIN
        second.settle(settlement("k", None))
        assert second.claim(claim("k")) is Decision.SEND_AGAIN
        second.settle(settlement("k", None))
    with Ledger.open(url, REJECT) as third:
        assert third.claim(claim("k")) is Decision.KEEP_UNKNOWN
        third.settle(settlement("k", Status.UNKNOWN))
        assert third.claim(claim("k")) is Decision.SKIP_UNKNOWN
        assert third.claim(claim("k", is_replay=True)) is Decision.SEND_AGAIN


def test_given_up_record_follows_the_policy_at_once(url: str) -> None:
    """A record that its run gives up with an unknown outcome need not wait for the run's end."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
        ledger.settle(settlement("k", Status.SENDING))
        assert ledger.claim(claim("k")) is Decision.SEND_AGAIN


def test_run_that_ends_leaves_nothing_to_wait_for(url: str) -> None:
    """What a run has not settled when it ends has an unknown outcome, and no run holds it."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND_AGAIN


@pytest.mark.parametrize(("ahead", "is_proof"), [(timedelta(0), True), (timedelta(hours=1), False)])
def test_delivery_of_a_clock_that_was_ahead_proves_nothing(url: str, ahead: timedelta, *, is_proof: bool) -> None:
    """A lead that was delivered before a failure is not taken for one after it, though a wrong clock says so.

    Otherwise an outage, in which nothing is accepted, would look like the fault of each record.
    """
    now = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)

    def deliver(key: str, at: datetime) -> None:
        with Ledger.open(url, RETRY, clock=lambda: at) as ledger:
            ledger.claim(claim(key))
            ledger.settle(settlement(key, Status.DELIVERED))

    deliver("before", now + ahead)
    with Ledger.open(url, RETRY, clock=lambda: now) as ledger:
        ledger.claim(claim("failing"))
        ledger.settle(settlement("failing", Status.FAILED))
    if is_proof:
        deliver("after", now + timedelta(minutes=1))
    with Ledger.open(url, RETRY, clock=lambda: now + timedelta(minutes=2)) as ledger:
        ledger.claim(claim("failing"))
        assert ledger.others_were_accepted(claim("failing")) is is_proof
        ledger.settle(settlement("failing", Status.FAILED))
