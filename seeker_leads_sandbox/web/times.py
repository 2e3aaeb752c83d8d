"""Instants as the page shows them: in UTC, with constant width."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from seeker_leads_sandbox.web.markup import Markup, tag, text_of

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def instant(seconds: object) -> Markup | str:
    """Return Unix seconds as a `time` element; return anything else unchanged."""
    at = _datetime(seconds)
    if at is None:
        return text_of(seconds)
    machine = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    day = tag("span", f"{at.day} {at:%b}", class_="day")
    return tag("time", day, " ", f"{at:%H:%M:%S}", datetime=machine, title=f"{at:%A} {at.day} {at:%B %Y, %H:%M:%S} UTC")


def clock_time(seconds: float) -> Markup | str:
    """Return the time of day alone, for recent events."""
    at = _datetime(seconds)
    return "" if at is None else tag("time", f"{at:%H:%M:%S}", datetime=at.isoformat(timespec="milliseconds"))


def day_name(day: date) -> str:
    """Return a day as `3 Nov`."""
    return f"{day.day} {day:%b}"


def _datetime(seconds: object) -> datetime | None:
    if not isinstance(seconds, (int, float)):
        return None
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
