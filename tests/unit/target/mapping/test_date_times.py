from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.mapping.date_times import DateReader, parse_date_formats, parse_timezone

PARIS = timezone(timedelta(hours=1))
IN_PARIS = DateReader(("%d/%m/%Y %H:%M", "%d/%m/%Y"), ZoneInfo("Europe/Paris"))


def to_date_time(value: object) -> Any:
    return DateReader().read(value).value


WRONG: list[Any] = [True, {"a": 1}, ["a"], 10**5000, float("inf"), Decimal("1E+999999"), Decimal("1E-999999")]


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
def test_wrong_shapes_stay_as_they_are(value: object) -> None:
    """Values that are not text stay unchanged, so that validation reports them; no number fills the memory."""
    assert to_date_time(value) is value


EIGHT = "2026-11-23T08:00:00Z"
DATES: list[tuple[Any, str]] = [
    (datetime(2026, 11, 23, 8, tzinfo=timezone.utc), EIGHT),
    (datetime(2026, 11, 23, 8), EIGHT),  # noqa: DTZ001  # a naive time is what this tests
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
    """Every usual form of an instant becomes RFC 3339, with its own offset, or UTC if it has none."""
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
    """A text that is not a date, or is ambiguous, is never guessed: validation reports it."""
    assert to_date_time(text) == text


@pytest.mark.parametrize("number", [0, 20_261_123, 1_795_420_800_000, -1_795_420_800, Decimal(1795420800000)], ids=str)
def test_numbers_that_are_no_unix_seconds_stay_as_text(number: object) -> None:
    """Milliseconds and dates in digits never count as seconds."""
    assert to_date_time(number) == str(number)


@given(st.datetimes(timezones=st.none() | st.timezones()))
def test_any_datetime_keeps_its_instant(moment: datetime) -> None:
    """In any time zone, the text names the same instant."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    text = to_date_time(moment)
    assert datetime.fromisoformat(text.replace("Z", "+00:00")) - aware == timedelta(0)


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("05/11/2026 14:30", "2026-11-05T13:30:00Z"),
        ("05/07/2026 14:30", "2026-07-05T12:30:00Z"),
        ("05/11/2026", "2026-11-04T23:00:00Z"),
        ("2026-11-05 14:30", "2026-11-05T13:30:00Z"),
        ("2026-11-05T14:30:00.25", "2026-11-05T13:30:00.25Z"),
        ("2026-11-05", "2026-11-04T23:00:00Z"),
        (date(2026, 11, 5), "2026-11-04T23:00:00Z"),
        (datetime(2026, 11, 5, 14, 30), "2026-11-05T13:30:00Z"),  # noqa: DTZ001  # a naive time is what this tests
        ("2026-11-05T14:30Z", "2026-11-05T14:30:00Z"),
        ("2026-11-05 14:30 UTC", "2026-11-05T14:30:00Z"),
        ("2026-11-05T14:30:00+05:00", "2026-11-05T14:30:00+05:00"),
        (1_795_420_800, "2026-11-23T08:00:00Z"),
    ],
    ids=str,
)
def test_local_times_are_those_of_the_zone(value: object, instant: str) -> None:
    """A time without an offset is read in the zone of the settings; one with an offset is not changed."""
    read = IN_PARIS.read(value)
    assert (read.value, read.violation, read.warning) == (instant, None, None)


@pytest.mark.parametrize("value", ["29/03/2026 02:30", "2026-03-29T02:00", "2026-03-29 02:59:59"])
def test_a_time_that_the_clocks_skipped_is_refused(value: str) -> None:
    """A time in the gap of daylight saving does not exist: it is rejected with its reason, never moved."""
    read = IN_PARIS.read(value)
    assert read.violation is not None
    assert "skipped" in read.violation.rule


@pytest.mark.parametrize("value", ["25/10/2026 02:30", "2026-10-25T02:00:00"])
def test_a_time_that_came_twice_is_the_earlier_one(value: str) -> None:
    """A time in the fold of daylight saving is the earlier of the two instants, with a warning."""
    read = IN_PARIS.read(value)
    assert read.value in {"2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z"}
    assert read.violation is None
    assert read.warning is not None


@given(st.datetimes(min_value=datetime(1950, 1, 1), max_value=datetime(2100, 1, 1)), st.timezones())  # noqa: DTZ001  # naive
def test_any_local_time_is_an_instant_of_that_time_there(moment: datetime, zone: ZoneInfo) -> None:
    """The result shows the given time on the clocks of the zone, or is refused because they skipped it."""
    read = DateReader(zone=zone).read(moment)
    if read.violation is None:
        instant = datetime.fromisoformat(read.value.replace("Z", "+00:00"))
        assert instant.astimezone(zone).replace(tzinfo=None) == moment


@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31T23:59", date.min, date.max])
def test_the_ends_of_the_calendar_do_no_harm(value: object) -> None:
    """A time that has no instant within the calendar, in this zone, stays a text."""
    for zone in ("Asia/Tokyo", "America/Los_Angeles"):
        assert isinstance(DateReader(zone=ZoneInfo(zone)).read(value).value, str)


def test_formats_of_the_settings_go_first() -> None:
    """A format decides what a text means; a text that fits no format is read as without formats."""
    us = DateReader(("%m/%d/%Y", "%Y%m%d", "%d.%m.%y %H:%M %z"))
    assert us.read("05/11/2026").value == "2026-05-11T00:00:00Z"
    assert us.read("20261123").value == "2026-11-23T00:00:00Z"
    assert us.read("23.11.26 09:00 +0100").value == "2026-11-23T09:00:00+01:00"
    assert us.read("1795420800").value == "2026-11-23T08:00:00Z"
    assert us.read("23/11/2026").value == "23/11/2026"


@pytest.mark.parametrize("given", ["%d/%m", "%H:%M", "dd/mm/yyyy", "", "%d/%m/%Y %", "%Q", ["%d/%m/%Y", "%m/%Y"]])
def test_formats_that_cannot_say_the_day_are_refused(given: Any) -> None:
    """A format without day, month or year, or with another tool's codes, ends the run before anything is read."""
    with pytest.raises(SettingsError, match=r"^`date_format`"):
        parse_date_formats(given)


def test_one_format_is_a_list_of_one() -> None:
    """A text and a list with that text are the same setting."""
    assert parse_date_formats("%d/%m/%Y") == parse_date_formats(["%d/%m/%Y"]) == ("%d/%m/%Y",)
    assert parse_date_formats(None) == ()


@pytest.mark.parametrize(
    "name", ["Paris", "Europe", "", "../etc/passwd", "/etc/localtime", "Europe/Paris\0", "x" * 300]
)
def test_unknown_zones_are_refused(name: str) -> None:
    """A name that is not a zone ends the run with the setting's name and an example."""
    with pytest.raises(SettingsError, match=r"^`timezone` must be an IANA name such as Europe/Paris"):
        parse_timezone(name)


def test_system_without_zones_gets_its_own_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """If no zone can be found at all, the message does not blame the name."""
    monkeypatch.setattr("zoneinfo.available_timezones", set)
    with pytest.raises(SettingsError, match="pip install tzdata"):
        parse_timezone("Europe/Atlantis")
