from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339


@given(st.integers(0, 253_402_300_799))
def test_there_and_back(unix_seconds: int) -> None:
    """Each second has one text of one fixed form, which reads back as the same second."""
    text = to_rfc3339(unix_seconds)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    assert from_iso8601(text) == unix_seconds


@given(st.integers(0, 253_402_300_799), st.integers(0, 253_402_300_799))
def test_texts_sort_as_instants(one: int, other: int) -> None:
    """Bookmarks are compared as strings, so their order is the order of time."""
    assert (to_rfc3339(one) < to_rfc3339(other)) is (one < other)


@pytest.mark.parametrize(
    ("text", "unix_seconds"),
    [
        ("2026-11-23", 1_795_392_000),
        ("2026-11-23T08:00:00", 1_795_420_800),
        ("2026-11-23T08:00:00Z", 1_795_420_800),
        ("2026-11-23T09:00:00+01:00", 1_795_420_800),
        ("2026-11-23T08:00:00.999000+00:00", 1_795_420_800),
        ("2026-11-23T08:00:00.5Z", 1_795_420_800),
        ("2026-11-23 08:00:00", 1_795_420_800),
    ],
)
def test_usual_forms_are_read(text: str, unix_seconds: int) -> None:
    """Dates, offsets and fractions are read; without an offset it is UTC; fractions are rounded down."""
    assert from_iso8601(text) == unix_seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1969-12-31", "23/11/2026", "1795420800"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    """A text that is no date of ours never becomes one by guessing."""
    with pytest.raises(ValueError, match=r".*"):
        from_iso8601(text)


@pytest.mark.parametrize("unix_seconds", [-1, 253_402_300_800, 10**18])
def test_seconds_outside_the_calendar_are_refused(unix_seconds: int) -> None:
    """Dates that no loader could store are refused."""
    with pytest.raises(ValueError, match="between 1970 and 9999"):
        to_rfc3339(unix_seconds)
