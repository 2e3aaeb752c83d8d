"""Fair turns: which account makes the next request, for any accounts and any order in which requests end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tap_seeker_leads.reading.outage import MIN_FAILED_ACCOUNTS, MIN_SILENCE_SECONDS, Outage
from tap_seeker_leads.reading.turns import Turns

if TYPE_CHECKING:
    from tap_seeker_leads.reading.turns import Turn


@dataclass(eq=False)
class Account:
    """An account with a number of requests to make."""

    left: int
    made: int = 0
    under_way: int = 0

    def turns(self) -> int:
        return self.left

    def take(self) -> Turn | None:
        if not self.left:
            return None
        self.left -= 1
        return self

    def read(self) -> None:
        self.made += 1


@dataclass
class Ticking:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    requests=st.lists(st.integers(0, 30), min_size=1, max_size=12),
    readers=st.integers(1, 10),
    most=st.integers(1, 10),
    order=st.lists(st.integers(0, 99), min_size=1, max_size=40),
)
def test_account_with_the_fewest_requests_is_next(
    requests: list[int], readers: int, most: int, order: list[int]
) -> None:
    """No waiting account has two requests fewer under way than one that gets a turn; none exceeds its limit."""
    accounts = [Account(left) for left in requests]
    turns: Turns[Account] = Turns(max_in_flight=most, clock=Ticking())
    for account in accounts:
        turns.put(account)
    under_way: list[Account] = []
    step = 0
    while True:
        while len(under_way) < readers and (given_turn := turns.take()) is not None:
            account = given_turn[0]
            waiting = [other.under_way for other in accounts if other.left and other is not account]
            assert account.under_way <= min(waiting, default=account.under_way)
            account.under_way += 1
            assert account.under_way <= most
            under_way.append(account)
        if not under_way:
            break
        account = under_way.pop(order[step % len(order)] % len(under_way))
        step += 1
        account.read()
        account.under_way -= 1
        turns.done(account)
    assert [account.made for account in accounts] == requests


def test_failed_account_has_no_further_turn() -> None:
    """A failed account makes no further request, even while earlier requests of it still end."""
    account = Account(5)
    turns: Turns[Account] = Turns(max_in_flight=2, clock=Ticking())
    turns.put(account)
    assert turns.take()
    assert turns.take()
    turns.done(account, is_failed=True)
    turns.done(account)
    turns.put(account)
    assert turns.take() is None
    assert account.left == 3


def test_longest_wait_counts_only_without_a_request_under_way() -> None:
    """Only the wait of an account with no request under way counts."""
    clock, quiet, busy = Ticking(), Account(1), Account(3)
    turns: Turns[Account] = Turns(max_in_flight=10, clock=clock)
    turns.put(busy)
    assert turns.take()
    turns.put(quiet)
    clock.now = 1.5
    assert turns.take() == (quiet, quiet)
    clock.now = 9.0
    assert turns.take() == (busy, busy)
    assert turns.longest_waits == {busy: 0.0, quiet: 1.5}


def test_many_accounts_without_any_answer_are_an_outage() -> None:
    """Ten accounts given up in a row, and no answer to any account for half a minute, are an outage."""
    clock = Ticking()
    outage = Outage(clock=clock)
    clock.now = MIN_SILENCE_SECONDS
    assert [outage.account_failed() for _ in range(MIN_FAILED_ACCOUNTS)] == [False] * (MIN_FAILED_ACCOUNTS - 1) + [True]


def test_any_answer_ends_the_count_of_an_outage() -> None:
    """While other accounts get answers, any number of accounts can be given up without an outage."""
    clock = Ticking()
    outage = Outage(clock=clock)
    for _ in range(3 * MIN_FAILED_ACCOUNTS):
        clock.now += MIN_SILENCE_SECONDS / 2
        outage.answered()
        assert not outage.account_failed()
