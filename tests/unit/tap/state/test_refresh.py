"""What the refresh is due to read: examples of the pure schedule."""

from __future__ import annotations

import pytest

from tap_seeker_leads.state.refresh import (
    GRID_SECONDS,
    LIFE_SECONDS,
    Cycle,
    RefreshSpan,
    Stretch,
    current_cycle,
    stretches_due,
)
from tests.tap_runs import NOW

DAY = 86_400
MONTH = 30 * DAY
HOUR = 3600
SPAN = RefreshSpan(NOW - LIFE_SECONDS, NOW - 2 * HOUR)
BEGUN = Cycle(SPAN.start, NOW, NOW)


def due(cycle: Cycle, now: int, *, cycle_seconds: int = MONTH, span: RefreshSpan | None = None) -> tuple[Stretch, ...]:
    here = span or RefreshSpan(now - LIFE_SECONDS, now - 2 * HOUR)
    return stretches_due(cycle, here, now=now, cycle_seconds=cycle_seconds)


def windows(stretches: tuple[Stretch, ...]) -> int:
    return sum(stretch.windows for stretch in stretches)


def test_three_years_are_157_windows() -> None:
    """A window of the grid is seven days, the longest period of a request, less the second before its start."""
    assert SPAN.windows == 157


@pytest.mark.parametrize(("days", "expected"), [(0, 0), (1, 5), (2, 10), (15, 78), (29.99, 156)])
def test_share_of_the_cycle_is_due(days: float, expected: int) -> None:
    """After a share of the cycle, that share of the windows is due: five a day for three years in thirty days."""
    assert windows(due(BEGUN, NOW + int(days * DAY), span=SPAN)) == expected


def test_oldest_comes_first_and_on_the_grid() -> None:
    """The due stretch begins with the oldest instant, and ends on an edge of the grid."""
    (stretch,) = due(BEGUN, NOW + DAY, span=SPAN)
    assert stretch.start == SPAN.start
    assert stretch.end % GRID_SECONDS == 0
    assert stretch.ended == Cycle(stretch.end, NOW, NOW)
    pieces = list(stretch.pieces())
    assert pieces[0][0] == stretch.start
    assert pieces[-1][1] == stretch.end
    assert all(end % GRID_SECONDS == 0 for _, end in pieces)


def test_nothing_is_due_twice() -> None:
    """A run directly after another has nothing to read again."""
    (stretch,) = due(BEGUN, NOW + DAY)
    assert due(stretch.ended, NOW + DAY) == ()
    assert due(stretch.read_up_to(stretch.end), NOW + DAY) == ()


def test_next_run_continues_after_a_kill() -> None:
    """After a state that was written midway, the next run reads the rest and no more."""
    (stretch,) = due(BEGUN, NOW + DAY)
    middle = stretch.start + 3 * GRID_SECONDS + 5
    (rest,) = due(stretch.read_up_to(middle), NOW + DAY)
    assert (rest.start, rest.end) == (middle, stretch.end)


def test_end_of_a_cycle_begins_the_next() -> None:
    """When a cycle is over, its rest is read, then the due part of the next; all is verified since its beginning."""
    cycle = Cycle(SPAN.start + 100 * GRID_SECONDS, NOW - MONTH - DAY, NOW - 2 * MONTH)
    rest, following = due(cycle, NOW, span=SPAN)
    assert (rest.start, rest.end) == (cycle.next, SPAN.end)
    assert rest.ended == Cycle(SPAN.start, NOW - DAY, cycle.started_at)
    assert (following.start, following.windows) == (SPAN.start, 5)
    assert following.ended == Cycle(following.end, NOW - DAY, cycle.started_at)


def test_verification_never_gets_older() -> None:
    """A cycle that begins early, after a run that read everything, is verified since that run."""
    cycle = Cycle(SPAN.start + 100 * GRID_SECONDS, NOW - MONTH - DAY, NOW - MONTH)
    rest, _ = due(cycle, NOW, span=SPAN)
    assert rest.ended.verified_since == NOW - MONTH


@pytest.mark.parametrize("windows_read", [2, 5])
def test_late_run_reads_no_window_twice(windows_read: int) -> None:
    """If the next cycle's due part reaches what is left of this one, the run reads everything once, and verifies it."""
    first = (SPAN.start // GRID_SECONDS + windows_read) * GRID_SECONDS
    rest, following = due(Cycle(first, NOW - MONTH - DAY, NOW - 2 * MONTH), NOW, span=SPAN)
    assert (rest.start, rest.end, following.start, following.end) == (first, SPAN.end, SPAN.start, first)
    assert following.ended.verified_since == NOW


def test_nothing_is_due_at_the_beginning_of_a_cycle() -> None:
    """A cycle begins with nothing due, even one that has more windows than seconds."""
    assert due(BEGUN, NOW, cycle_seconds=100, span=SPAN) == ()


@pytest.mark.parametrize("months", [2, 2.5, 3, 30])
def test_long_pause_reads_everything_once(months: float) -> None:
    """After any number of missed cycles, a run reads each instant once, and everything is verified since then."""
    cycle = Cycle(SPAN.start + 100 * GRID_SECONDS, NOW - int(months * MONTH), NOW - 40 * MONTH)
    rest, following = due(cycle, NOW, span=SPAN)
    assert (rest.start, rest.end, following.start, following.end) == (cycle.next, SPAN.end, SPAN.start, cycle.next)
    assert following.ended.verified_since == NOW
    assert due(following.ended, NOW, span=SPAN) == ()


def test_run_killed_while_it_catches_up_repeats_nothing() -> None:
    """What a run read before it was killed is not due again immediately, even though a whole cycle was missed."""
    cycle = Cycle(SPAN.start + 100 * GRID_SECONDS, NOW - 3 * MONTH, NOW - 4 * MONTH)
    _, following = due(cycle, NOW, span=SPAN)
    killed = following.read_up_to(SPAN.start + 20 * GRID_SECONDS)
    (again,) = due(killed, NOW, span=SPAN)
    assert again.start == SPAN.start + 20 * GRID_SECONDS
    assert again.end <= cycle.next


def test_full_read_counts_as_a_cycle() -> None:
    """A first load or a full refresh begins a cycle with nothing due, and everything verified."""
    span = RefreshSpan(NOW - DAY, NOW - DAY)
    old = Cycle(NOW - 9 * DAY, NOW - 3 * MONTH, None)
    assert current_cycle(old, span, now=NOW, clock=NOW) == Cycle(NOW - DAY, NOW, NOW)
    assert due(current_cycle(None, span, now=NOW, clock=NOW), NOW, span=span) == ()


@pytest.mark.parametrize(
    "given", [None, Cycle(SPAN.start, NOW + DAY, None), Cycle(SPAN.start, NOW - DAY, NOW + 40 * MONTH)]
)
def test_unknown_cycle_begins_with_nothing_due(given: Cycle | None) -> None:
    """Without an entry, or with one from a clock that was ahead, a cycle begins, and nothing counts as verified."""
    assert current_cycle(given, SPAN, now=NOW, clock=NOW) == Cycle(SPAN.start, NOW, None)


def test_clocks_that_differ_a_little_change_nothing() -> None:
    """Two machines may share a state even if their clocks differ by a few seconds."""
    cycle = Cycle(SPAN.start, NOW + 60, NOW + 60)
    assert current_cycle(cycle, SPAN, now=NOW, clock=NOW) == cycle
    assert due(cycle, NOW) == ()


def test_bookmark_that_was_set_back_by_hand_stops_nothing() -> None:
    """If the live part begins before the refreshed part ends, only what is before the live part is due."""
    cycle = Cycle(NOW - DAY, NOW - 20 * DAY, None)
    assert due(cycle, NOW, span=RefreshSpan(SPAN.start, NOW - 100 * DAY)) == ()


def test_old_answer_of_a_proxy_begins_no_new_cycle() -> None:
    """If a cached answer sets the API's time back, nothing is due, and the cycle continues."""
    cycle = Cycle(SPAN.start, NOW - DAY, NOW - DAY)
    assert current_cycle(cycle, SPAN, now=NOW - 9 * DAY, clock=NOW) == cycle
    assert due(cycle, NOW - 9 * DAY, span=SPAN) == ()
