"""Instants as text: one fixed RFC 3339 form, since bookmarks are compared as strings."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

_FIRST_DATE = date(1970, 1, 1)
#: A look-up table, since formatting numbers takes more than twice as long.
_TWO_DIGITS = tuple(f"{number:02}" for number in range(60))
#: The latest instant that has this form.
LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z


def to_rfc3339(unix_seconds: int) -> str:
    """Return the instant in UTC, e.g. `2026-11-23T08:00:00Z`.

    Raises:
        ValueError: the instant is outside the years 1970 to 9999.
    """
    if not 0 <= unix_seconds <= LATEST:
        msg = "not an instant between 1970 and 9999"
        raise ValueError(msg)
    minutes, second = divmod(unix_seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{_date(days)}T{_TWO_DIGITS[hour]}:{_TWO_DIGITS[minute]}:{_TWO_DIGITS[second]}Z"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    # Thousands of leads share a date, and formatting it is most of the work.
    return (_FIRST_DATE + timedelta(days=days)).isoformat()


def from_iso8601(text: str) -> int:
    """Read a date or date-time as Unix seconds, rounded down; without an offset it is in UTC.

    Raises:
        ValueError: the text is neither, or is before 1970.
    """
    # Python 3.10 does not accept "Z", nor fractions with a number of digits other than 3 or 6.
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    unix_seconds = int(moment.timestamp() // 1)
    if unix_seconds < 0:
        msg = "before 1970"
        raise ValueError(msg)
    return unix_seconds
