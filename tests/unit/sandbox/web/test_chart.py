from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_sandbox.web.chart import Bar, Part, bars


def chart_of(*counts: int, limit: int | None = None) -> str:
    columns = [Bar(f"bar {place}", (Part("a", count), Part("b", 0)), "x") for place, count in enumerate(counts)]
    return bars(columns, "summary", limit=limit)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40), st.integers(1, 10**5))
def test_nothing_overflows_the_chart(counts: list[int], limit: int) -> None:
    """Whatever their height, all bars and the limit are between the top and the axis."""
    numbers = re.findall(r' (?:y|y1|y2)="([-\d.]+)"', chart_of(*counts, limit=limit))
    assert all(0 <= float(number) <= 190 for number in numbers)


@pytest.mark.parametrize(("highest", "ticks"), [(1, [0, 1]), (10, [0, 5, 10]), (69, [0, 20, 40, 60, 80]), (0, [0, 1])])
def test_the_axis_has_round_numbers(highest: int, ticks: list[int]) -> None:
    """There are at most five lines, at steps of one, two or five times a power of ten."""
    words = chart_of(highest).partition("</svg>")[0]
    assert [int(text) for text in re.findall(r">(\d+)</text>", words)] == ticks


def test_it_has_a_text_alternative() -> None:
    """The chart has a summary as its text alternative, and each bar has a tooltip."""
    chart = chart_of(1, 2)
    assert 'role="img" aria-label="summary"' in chart
    assert "<title>bar 1</title>" in chart
