"""The arithmetic of the refresh: edges of the grid, of a cycle and of clocks."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_seeker_leads.state.refresh import (
    CLOCK_TOLERANCE_SECONDS,
    GRID_SECONDS,
    LIFE_SECONDS,
    Cycle,
    RefreshSpan,
    Stretch,
    current_cycle,
)
from tests.tap_runs import NOW

DAY = 86_400
EDGE = NOW // GRID_SECONDS * GRID_SECONDS
UNKNOWN = Cycle(0, 0, None)
SPANS = st.tuples(st.integers(0, 3 * GRID_SECONDS), st.integers(1, 20 * GRID_SECONDS)).map(
    lambda pair: RefreshSpan(EDGE + pair[0], EDGE + pair[0] + pair[1])
)


def test_lengths_are_those_of_the_contract() -> None:
    """A window of the grid is what a request may ask for; leads are kept for three years; clocks differ by minutes."""
    assert (GRID_SECONDS, LIFE_SECONDS, CLOCK_TOLERANCE_SECONDS) == (7 * DAY - 1, 3 * 365 * DAY, 300)


@pytest.mark.parametrize("seconds", [0, 300, 301])
def test_clock_may_be_ahead_by_five_minutes(seconds: int) -> None:
    """A cycle from a clock that is further ahead is in the future, whichever of its instants shows it."""
    is_ahead = seconds > 300
    assert Cycle(0, NOW + seconds, None).is_in_the_future(NOW) is is_ahead
    assert Cycle(0, NOW - DAY, NOW + seconds).is_in_the_future(NOW) is is_ahead
    assert Cycle(0, NOW + seconds, NOW - DAY).is_in_the_future(NOW) is is_ahead


def test_age_is_that_of_the_oldest_reading() -> None:
    """The age counts from `verified_since`, or from the cycle's beginning until that is known; it is never negative."""
    assert Cycle(0, NOW - DAY, NOW - 5 * DAY).age_seconds(NOW) == 5 * DAY
    assert Cycle(0, NOW - DAY, None).age_seconds(NOW) == DAY
    assert Cycle(0, NOW - DAY, NOW + 60).age_seconds(NOW) == 0


@pytest.mark.parametrize(
    ("start", "end", "windows"),
    [(0, 0, 0), (1, 0, 0), (0, -9, 0), (0, 1, 1), (-1, 1, 2), (0, GRID_SECONDS, 1), (-1, GRID_SECONDS + 1, 3)],
)
def test_every_window_that_a_span_touches_counts(start: int, end: int, windows: int) -> None:
    """A window of the grid counts if it holds an instant of the span; the end does not belong to the span."""
    assert RefreshSpan(EDGE + start, EDGE + end).windows == windows


@given(SPANS, st.integers(1, 60 * DAY))
def test_each_window_is_due_at_its_share_of_the_cycle(span: RefreshSpan, cycle_seconds: int) -> None:
    """Each window is due once its share of the cycle has passed, and no second before; all are due at its end."""
    shares = [span.elapsed_at(min(EDGE + GRID_SECONDS * number, span.end), cycle_seconds) for number in range(25)]
    assert shares == sorted(shares)
    assert span.due_until(0, cycle_seconds) == span.start
    assert {span.due_until(cycle_seconds + late, cycle_seconds) for late in (0, 1, DAY)} == {span.end}
    for window in range(1, span.windows):
        edge = (span.start // GRID_SECONDS + window) * GRID_SECONDS
        elapsed = span.elapsed_at(edge, cycle_seconds)
        assert elapsed - 1 < window * cycle_seconds / span.windows <= elapsed
        if elapsed < cycle_seconds:
            assert span.due_until(elapsed, cycle_seconds) >= edge
        assert span.due_until(elapsed - 1, cycle_seconds) < edge


def test_empty_span_has_nothing_due() -> None:
    """If the live part of a run reads everything, no part of a cycle's time is needed, and nothing is due."""
    for end in (NOW, NOW - DAY):
        empty = RefreshSpan(NOW, end)
        assert empty.elapsed_at(NOW, 30 * DAY) == 0
        assert empty.due_until(15 * DAY, 30 * DAY) == NOW


@given(SPANS)
def test_pieces_are_the_windows_of_a_stretch(span: RefreshSpan) -> None:
    """The pieces follow each other without gap or overlap, and each is in one window of the grid."""
    stretch = Stretch(span.start, span.end, UNKNOWN, UNKNOWN)
    pieces = list(stretch.pieces())
    assert len(pieces) == stretch.windows
    assert (pieces[0][0], pieces[-1][1]) == (span.start, span.end)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(pieces))
    assert all(start // GRID_SECONDS == (end - 1) // GRID_SECONDS for start, end in pieces)


@pytest.mark.parametrize("end", [NOW, NOW - 1])
def test_stretch_that_ends_before_it_begins_has_no_pieces(end: int) -> None:
    """An empty stretch costs no request."""
    assert next(Stretch(NOW, end, UNKNOWN, UNKNOWN).pieces(), None) is None


def test_what_was_read_stays_read() -> None:
    """A stretch that ends before the cycle's place does not move it back."""
    cycle = Cycle(NOW, NOW - DAY, None)
    assert Stretch(NOW, NOW + 9, cycle, cycle).read_up_to(NOW + 5) == Cycle(NOW + 5, NOW - DAY, None)
    assert Stretch(NOW - 9, NOW, cycle, cycle).read_up_to(NOW - 5) == cycle


def test_whole_read_is_verified_even_if_the_state_is_older() -> None:
    """A live part that read the whole span verifies it; one that left a second of it unread does not."""
    old = Cycle(NOW - 9, NOW - DAY, None)
    assert current_cycle(old, RefreshSpan(NOW, NOW - 1), now=NOW, clock=NOW) == Cycle(NOW, NOW, NOW)
    assert current_cycle(old, RefreshSpan(NOW - 1, NOW), now=NOW, clock=NOW) == old
