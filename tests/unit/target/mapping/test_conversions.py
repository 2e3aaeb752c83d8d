from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.mapping.conversions import (
    is_empty,
    to_date_time,
    to_language,
    to_text,
    to_trimmed,
    to_upper,
)

PARIS = timezone(timedelta(hours=1))
NOTHING_TO_SEE = ["", " \t\n\u00a0", "\u200b", "\ufeff \u00ad\x00"]
EMPTY: list[Any] = [None, False, *NOTHING_TO_SEE, [], {}, float("nan"), Decimal("NaN"), Decimal("sNaN")]
FULL: list[Any] = [True, 0, 0.0, Decimal(0), "0", "False", "null", [None], {"a": None}, float("inf"), date(2026, 1, 1)]


@pytest.mark.parametrize("value", EMPTY)
def test_what_sources_write_for_nothing_is_empty(value: object) -> None:
    """Null, blanks, empty nests, not a number, and Odoo's False say that there is no value."""
    assert is_empty(value)


@pytest.mark.parametrize("value", FULL)
def test_everything_else_is_a_value(value: object) -> None:
    """Zero and True are values, if perhaps wrong ones: they are reported, not passed over."""
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  Ann\u00e9 \U0001f600\n", "  Ann\u00e9 \U0001f600\n"),
        (75001, "75001"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (261234567891.0, "261234567891"),
        (Decimal("261234567891.0"), "261234567891"),
        (0.5, "0.5"),
    ],
)
def test_numbers_become_their_text(value: object, text: str) -> None:
    """A number is written in digits, a whole one without a point; a text is not touched."""
    assert to_text(value) == text


WRONG: list[Any] = [True, {"a": 1}, ["a"], 10**5000, float("inf"), Decimal("1E+999999"), Decimal("1E-999999")]


@pytest.mark.parametrize("convert", [to_text, to_trimmed, to_upper, to_language, to_date_time])
@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
def test_wrong_shapes_stay_as_they_are(convert: Any, value: object) -> None:
    """What is no text stays, so that validation reports it; no number of it fills the memory."""
    assert convert(value) is value


@pytest.mark.parametrize(
    ("value", "code"),
    [("fr", "FR"), (" Fr ", "FR"), ("fr_FR", "FR"), ("de-AT", "DE"), ("fr_FR.UTF-8", "FR"), ("french", "FRENCH")],
)
def test_language_of_a_locale(value: str, code: str) -> None:
    """A locale gives its language; a word is not guessed at."""
    assert to_language(value) == code


def test_enums_are_upper_cased() -> None:
    """Case and blanks around an enum's value do not matter."""
    assert to_upper(" prefer_not_to_disclose\n") == "PREFER_NOT_TO_DISCLOSE"


EIGHT = "2026-11-23T08:00:00Z"
DATES: list[tuple[Any, str]] = [
    (datetime(2026, 11, 23, 8, tzinfo=timezone.utc), EIGHT),
    (datetime(2026, 11, 23, 8), EIGHT),  # noqa: DTZ001  # naive is what it tests
    (datetime(2026, 11, 23, 9, tzinfo=PARIS), "2026-11-23T09:00:00+01:00"),
    (datetime(2026, 11, 23, 8, 0, 0, 50, tzinfo=timezone.utc), "2026-11-23T08:00:00.000050Z"),
    (datetime(2026, 11, 23, 8, 9, 21, tzinfo=timezone(timedelta(minutes=9, seconds=21))), EIGHT),
    (date(2026, 11, 23), "2026-11-23T00:00:00Z"),
    ("2026-11-23", "2026-11-23T00:00:00Z"),
    (" 2026-11-23T08:00:00Z\n", EIGHT),
    ("2026-11-23t08:00:00z", EIGHT),
    ("2026-11-23 08:00:00", EIGHT),
    ("2026-11-23 08:00:00 UTC", EIGHT),
    ("2026-11-23T08:00", EIGHT),
    ("2026-11-23T08:00:00+00", EIGHT),
    ("2026-11-23T08:00:00-00:00", EIGHT),
    ("2026-11-23 09:00:00+0100", "2026-11-23T09:00:00+01:00"),
    ("2026-11-23 09:00:00 +01:00", "2026-11-23T09:00:00+01:00"),
    ("2026-11-23T03:30:00-04:30", "2026-11-23T03:30:00-04:30"),
    ("2026-11-23T08:00:00.5Z", "2026-11-23T08:00:00.5Z"),
    ("2026-11-23T08:00:00,123456789", "2026-11-23T08:00:00.123456789Z"),
    ("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00+01:00"),
    (1_795_420_800, EIGHT),
    (1_795_420_800.0, EIGHT),
    (1_795_420_800.25, "2026-11-23T08:00:00.25Z"),
    (Decimal("1795420800.123"), "2026-11-23T08:00:00.123Z"),
    ("1795420800", EIGHT),
    ("1795420800.0", "2026-11-23T08:00:00.0Z"),
    ("100000000", "1973-03-03T09:46:40Z"),
    ("9999999999", "2286-11-20T17:46:39Z"),
]


@pytest.mark.parametrize(("value", "text"), DATES, ids=str)
def test_usual_dates_are_read(value: object, text: str) -> None:
    """Every usual form of an instant becomes RFC 3339, with its own offset, or UTC where it has none."""
    assert to_date_time(value) == text


NO_DATES: list[Any] = [
    *("soon", "now", "23/11/2026", "2026-02-30", "2026-13-01", "2026-11-23T24:00:00Z", "2026-11-23T08:00:60Z"),
    *(
        "2026-11-23T08:00:00+24:00",
        "2026-11-23T08:00:00+1:00",
        "20261123",
        "1795420800000",
        "-1795420800",
        "0000-01-01",
    ),
    *("2026-11-23T", "2026-11-23Z", "\u0662\u0660\u0662\u0666-11-23", "\u0661" * 10, "2026-11-23T08:00:00 CET"),
]


@pytest.mark.parametrize("text", NO_DATES, ids=ascii)
def test_what_is_no_instant_stays_as_text(text: str) -> None:
    """No date is guessed from what is none or has two readings: validation reports it."""
    assert to_date_time(text) == text


@pytest.mark.parametrize("number", [0, 20_261_123, 1_795_420_800_000, -1_795_420_800, Decimal(1795420800000)], ids=str)
def test_numbers_that_are_no_unix_seconds_stay_as_text(number: object) -> None:
    """Milliseconds and dates in digits are never taken for seconds."""
    assert to_date_time(number) == str(number)


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_any_datetime_keeps_its_instant(moment: datetime) -> None:
    """Whatever the time zone, the text names the same instant."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    text = to_date_time(moment)
    assert datetime.fromisoformat(text.replace("Z", "+00:00")) - aware == timedelta(0)
