from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.contract import MAX_PERIOD_SECONDS
from tap_seeker_leads.reading.windows import FinishedPrefix, SeamFilter, Window, cut, split

INSTANTS = st.integers(0, 2_000_000_000)
SPANS = st.tuples(INSTANTS, st.integers(0, 200 * 86_400)).map(lambda pair: (pair[0], pair[0] + pair[1]))
LONGEST = st.integers(3600, MAX_PERIOD_SECONDS)


@given(SPANS, LONGEST)
def test_windows_cover_the_span_without_gap(span: tuple[int, int], longest: int) -> None:
    """Each second of the span is in exactly one window."""
    windows = list(split(*span, longest))
    if span[0] == span[1]:
        assert windows == []
        return
    assert windows[0].start == span[0]
    assert windows[-1].end == span[1]
    assert all(left.end == right.start for left, right in itertools.pairwise(windows))


@given(SPANS, LONGEST)
def test_no_request_asks_for_more_than_the_api_allows(span: tuple[int, int], longest: int) -> None:
    """The period of a request, including the extra second on its left, never exceeds the longest period."""
    assert all(window.max_date - window.min_date <= longest for window in split(*span, longest))


@given(st.integers(2, 10**9), st.integers(1, 10**6), st.booleans(), st.booleans())
def test_every_second_is_requested_with_any_kind_of_bounds(
    start: int,
    length: int,
    min_inclusive: bool,  # noqa: FBT001  # Hypothesis gives them by position
    max_inclusive: bool,  # noqa: FBT001
) -> None:
    """With inclusive, half-open or open bounds, the answer holds the window's first and last second."""
    window = Window(start, start + length)
    first = window.min_date if min_inclusive else window.min_date + 1
    last = window.max_date if max_inclusive else window.max_date - 1
    assert first <= window.start
    assert last >= window.end - 1


@given(st.integers(2, 10**9), st.integers(2, 10**6), st.integers(2, 10**6))
def test_seconds_that_two_requests_ask_for_are_seams(start: int, left_length: int, right_length: int) -> None:
    """Both neighbours of a second that either request may return know that it is shared."""
    left = Window(start, start + left_length)
    right = Window(left.end, left.end + right_length)
    for second in range(right.min_date, left.max_date + 1):
        assert left.shares(second)
        assert right.shares(second)


@pytest.mark.parametrize(("second", "is_shared"), [(9, True), (10, True), (11, False), (18, False), (19, True)])
def test_only_edge_seconds_are_seams(second: int, is_shared: bool) -> None:  # noqa: FBT001  # pytest gives it by name
    """Only the first and the last second of a window, and what is outside, may come from a neighbour too."""
    assert Window(10, 20).shares(second) is is_shared


def test_time_has_no_seconds_before_the_epoch() -> None:
    """A request never asks for a negative instant."""
    assert [Window(start, 9).min_date for start in (0, 1, 2)] == [0, 0, 1]


@pytest.mark.parametrize("end", [10, 9, 0])
def test_span_that_ends_before_it_begins_has_no_windows(end: int) -> None:
    """A bookmark after the end of a run, as after a change of `end_date`, leaves nothing to read."""
    assert next(split(10, end), None) is None


@given(SPANS)
def test_windows_are_as_long_as_a_request_may_be(span: tuple[int, int]) -> None:
    """There are no more windows than needed: each but the last asks for the longest period."""
    assert all(window.end - window.min_date == MAX_PERIOD_SECONDS for window in [*split(1 + span[0], 1 + span[1])][:-1])


@given(st.integers(0, 10**9), st.integers(0, 10**5), st.integers(0, 10**5), st.integers(1, 500), st.integers(1, 10))
def test_parts_of_a_dense_window_hold_nothing_that_was_read(
    start: int, read_seconds: int, rest_seconds: int, pages_read: int, most_parts: int
) -> None:
    """The parts are the whole window, without gap; no request for a further part asks for a second that was read."""
    latest, window = start + read_seconds, Window(start, start + read_seconds + rest_seconds)
    first, *others = cut(window, latest, pages_read, most_parts)
    assert (first.start, [first, *others][-1].end) == (window.start, window.end)
    assert all(left.end == right.start for left, right in itertools.pairwise([first, *others]))
    assert all(part.start < part.end and part.min_date > latest for part in others)
    assert len(others) < most_parts


@pytest.mark.parametrize("parts", [2, 4, 5, 10])
def test_parts_of_a_dense_window_are_equally_long(parts: int) -> None:
    """What is left to read of the first part is as long as each further part, so that the readers end together."""
    first, *others = cut(Window(100, 14_702), 2_300, 10_000, parts)
    assert len(others) == parts - 1
    assert {first.end - 2_302, *(part.end - part.start for part in others)} == {12_400 // parts}


@pytest.mark.parametrize(
    ("seconds", "latest", "pages_read", "parts"),
    [
        pytest.param(1002, 500, 3, 1, id="too few pages"),
        pytest.param(1002, 500, 4, 2, id="just enough for two"),
        pytest.param(1002, 500, 10, 5, id="half is read"),
        pytest.param(1002, 100, 2, 9, id="little is read"),
        pytest.param(1002, 500, 100, 20, id="more pages than readers"),
        pytest.param(10, 1, 1, 3, id="one second is read"),
        pytest.param(10, 0, 1, 4, id="all leads are of the first second"),
        pytest.param(12, 5, 100, 5, id="fewer seconds than readers"),
        pytest.param(12, 10, 100, 1, id="only seconds on the seam are left"),
        pytest.param(12, 11, 100, 1, id="read to the end"),
    ],
)
def test_parts_have_two_pages_as_far_as_is_known(seconds: int, latest: int, pages_read: int, parts: int) -> None:
    """A dense window is cut for as many readers as find two pages each, if the rest is as dense as what was read."""
    assert len(cut(Window(50, 50 + seconds), 50 + latest, pages_read, 20)) == parts


def test_lead_on_a_seam_passes_once() -> None:
    """A lead that two windows return is emitted once per run; the ids of leads inside a window are not stored."""
    seams, left, right = SeamFilter(), Window(0, 100), Window(100, 200)
    assert seams.passes("a", 100, left)
    assert not seams.passes("a", 100, right)
    assert seams.passes("b", 50, left)
    assert seams.passes("b", 50, left)
    assert seams.passes("undated", None, left)
    assert not seams.passes("undated", None, right)


@given(st.permutations(range(12)))
def test_prefix_ends_where_the_first_unread_window_starts(order: list[int]) -> None:
    """In any order of finished windows, the prefix never passes an unread instant, and covers everything at the end."""
    windows = [Window(index * 10, index * 10 + 10) for index in range(12)]
    prefix, finished = FinishedPrefix(0), set()
    for index in order:
        before = prefix.end
        grew = prefix.add(windows[index])
        finished.add(index)
        unread = [window.start for number, window in enumerate(windows) if number not in finished]
        assert prefix.end == min(unread, default=120)
        assert grew is (prefix.end > before)
