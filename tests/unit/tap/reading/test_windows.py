from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.contract import MAX_PERIOD_SECONDS
from tap_seeker_leads.reading.windows import FinishedPrefix, SeamFilter, Window, split

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
