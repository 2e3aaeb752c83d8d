"""The statement that reserves starts and slots, on a real server and with the test's own clock."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from seeker_leads_api.http.rate_limiter import Limit
from seeker_leads_api.http.shared_limit.database import open_table
from seeker_leads_api.http.shared_limit.reservations import (
    LEASE_SECONDS,
    TABLE,
    ReservationRequest,
    Reservations,
    Reserved,
)
from seeker_leads_api.postgres.location import PostgresLocation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

NOW = 1_795_420_800.0
DOCUMENTED = Limit(10, 0.2, 10)
ROUNDING_SECONDS = 1e-5


@pytest.fixture(scope="module")
def table(database_url: str) -> Iterator[Connection]:
    connection = open_table(PostgresLocation.parse("rate_limit_url", database_url))
    yield connection
    connection.close()


@dataclass
class Account:
    """Runs that share one limit, and all their reservations."""

    connection: Connection
    now: float = NOW
    reserved: list[float] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    asked_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection.execute(TABLE.delete())

    def reserve(
        self, run: str, wants: int, *, limit: Limit = DOCUMENTED, pause: float = 0, lead: float = 0
    ) -> Reserved:
        reservations = Reservations(TABLE.name, "key", run, limit, now=":now")
        answer = reservations.reserve(
            self.connection, ReservationRequest(self.held[run], wants, pause, lead), now=self.now
        )
        assert len(answer.starts) <= wants
        self.held[run] += len(answer.starts)
        self.reserved += answer.starts
        self.asked_at[run] = self.now
        return answer

    def in_flight(self) -> int:
        """Return the slots of all living runs."""
        return sum(
            held for run, held in self.held.items() if self.now - self.asked_at.get(run, self.now) < LEASE_SECONDS
        )

    def closest(self, requests: int) -> float:
        """Return the shortest time in which this number of starts, and one more, was reserved."""
        starts = sorted(self.reserved)
        pairs = zip(starts, starts[requests:], strict=False)
        return min((later - earlier for earlier, later in pairs), default=float("inf"))


runs = st.sampled_from("abcd")
seconds = st.floats(0, 0.3) | st.sampled_from([0.0, 0.2, 1.0, LEASE_SECONDS, 5.0])
steps = st.lists(st.tuples(runs, st.integers(0, 12), st.integers(0, 12), seconds), max_size=40)
limits = st.builds(Limit, st.integers(1, 12), st.floats(0.01, 1.0), st.integers(1, 12))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limits, steps)
@example(Limit(1, 1.0, 10), [("a", 10, 0, 0.0), ("b", 10, 10, 0.0), ("a", 10, 10, 0.0)])
def test_limit_holds_whatever_runs_ask(
    table: Connection, limit: Limit, steps: list[tuple[str, int, int, float]]
) -> None:
    """However runs reserve, finish, fall silent and return, starts keep the limit, and living runs hold no more slots.

    Those of a run that was silent for the lease, and goes on, are the exception: it did not know that it was dead.
    """
    account = Account(table)
    for run, wants, finished, later in steps:
        account.now += later
        if account.now - account.asked_at.get(run, NOW) >= LEASE_SECONDS:
            account.held[run] = 0
        account.held[run] = max(0, account.held[run] - finished)
        answer = account.reserve(run, wants, limit=limit, lead=0.004)
        assert all(start >= account.now + 0.004 - ROUNDING_SECONDS for start in answer.starts)
        assert account.in_flight() <= limit.at_once
    assert account.closest(limit.requests) >= limit.period_seconds - ROUNDING_SECONDS


def test_whole_limit_is_used(table: Connection) -> None:
    """Starts have no gaps: a run that always waits reserves the whole limit, except for a margin of 2 ms per period."""
    account = Account(table)
    for _ in range(100):
        account.now = max([NOW, *account.reserved])
        account.held["a"] = 0
        account.reserve("a", 10)
    assert (len(account.reserved) - 10) / (account.reserved[-1] - account.reserved[9]) > 0.985 * 50


@pytest.mark.parametrize("count", [2, 3, 4, 10, 13])
def test_runs_share_fairly(table: Connection, count: int) -> None:
    """Each of several runs that always wait gets its share, even if there are more runs than slots."""
    account, got = Account(table), dict.fromkeys(map(str, range(count)), 0)
    ends: list[tuple[float, str]] = []
    for turn in range(100 * count):
        account.now += 0.05 / count
        run = str(turn % count)
        for end, of in [each for each in ends if each[0] <= account.now and each[1] == run]:
            ends.remove((end, of))
            account.held[run] -= 1
        starts = account.reserve(run, 10).starts
        got[run] += len(starts)
        ends += [(start + 0.1, run) for start in starts]
    assert min(got.values()) >= 0.7 * sum(got.values()) / count


def test_what_nobody_wants_goes_to_who_asks(table: Connection) -> None:
    """A run that needs little leaves the rest to the others; a single run gets everything."""
    account = Account(table)
    assert len(account.reserve("live", 1).starts) == 1
    assert len(account.reserve("backfill", 10).starts) == 9


def test_who_waits_is_next(table: Connection) -> None:
    """A run that holds all slots gives them to a later run as its requests end."""
    account = Account(table)
    account.reserve("first", 10)
    assert account.reserve("second", 10).starts == ()
    account.held["first"] -= 1
    assert account.reserve("first", 10).starts == ()
    assert len(account.reserve("second", 10).starts) == 1


def test_slots_of_killed_runs_are_free_after_the_lease(table: Connection) -> None:
    """The slots of a killed run become free 2 s after its last message, when the API has answered its requests."""
    account = Account(table)
    account.reserve("killed", 10)
    account.now += LEASE_SECONDS - 0.01
    assert account.reserve("other", 10).starts == ()
    account.now += 0.02
    assert len(account.reserve("other", 10).starts) == 10


def test_smallest_limit_of_living_runs_counts(table: Connection) -> None:
    """Runs with different limits keep the smallest one; the larger one counts again when the other run has ended."""
    account = Account(table)
    small = Limit(5, 0.4, 3)
    account.reserve("large", 1)
    account.reserve("small", 1, limit=small)
    answer = account.reserve("large", 10)
    assert answer.limit == small
    assert account.in_flight() == 3
    account.now += LEASE_SECONDS
    account.held["large"] = 0
    assert account.reserve("large", 10).limit == DOCUMENTED
    assert account.in_flight() - account.held["small"] <= 10
    assert account.closest(10) >= 0.2


def test_pause_holds_for_every_run(table: Connection) -> None:
    """After a 429, no request starts during the pause; the longest pause counts."""
    account = Account(table)
    account.reserve("a", 0, pause=3.0)
    account.reserve("b", 0, pause=1.0)
    assert account.reserve("b", 1).starts == (NOW + 3.0,)


def test_clock_that_is_set_back_stops_nobody(table: Connection) -> None:
    """If the server's clock goes back by an hour, runs continue within seconds, and a pause is not an hour longer."""
    account = Account(table)
    account.reserve("a", 10, pause=1.0)
    account.held.clear()
    account.now -= 3600
    assert account.reserve("a", 1).starts[0] <= account.now + 300 + 0.2 * 12 + 0.3
    account = Account(table)
    account.reserve("a", 10)
    account.held.clear()
    account.now -= 3600
    assert account.reserve("a", 1).starts[0] <= account.now + 0.2 * 12 + 0.3


def test_row_that_somebody_deletes_is_made_again(table: Connection) -> None:
    """Deleting the table's row while runs use it stops none of them."""
    account = Account(table)
    account.reserve("a", 1)
    table.execute(TABLE.delete())
    assert len(account.reserve("a", 1).starts) == 1
