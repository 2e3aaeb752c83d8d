from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339


@given(st.integers(0, 253_402_300_799))
def test_text_parses_back_to_the_same_second(unix_seconds: int) -> None:
    """Each second has exactly one text of a fixed form, which parses back to the same second."""
    text = to_rfc3339(unix_seconds)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    assert from_iso8601(text) == unix_seconds


@given(st.integers(0, 253_402_300_799), st.integers(0, 253_402_300_799))
def test_texts_sort_as_instants(one: int, other: int) -> None:
    """The order of the texts is the order of time, since bookmarks are compared as strings."""
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
    """Dates, offsets and fractions are read; without an offset, the text is in UTC; fractions are rounded down."""
    assert from_iso8601(text) == unix_seconds


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "1969-12-31", "23/11/2026", "1795420800"])
def test_text_that_is_not_an_instant_is_refused(text: str) -> None:
    """A text that is not a date in a known form is refused, not guessed."""
    with pytest.raises(ValueError, match=r".*"):
        from_iso8601(text)


@pytest.mark.parametrize("unix_seconds", [-1, 253_402_300_800, 10**18])
def test_seconds_outside_the_calendar_are_refused(unix_seconds: int) -> None:
    """Dates that loaders cannot store are refused."""
    with pytest.raises(ValueError, match="between 1970 and 9999"):
        to_rfc3339(unix_seconds)
