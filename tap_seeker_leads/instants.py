"""Instants as text: one fixed RFC 3339 form, since bookmarks are compared as strings."""

from __future__ import annotations

from datetime import datetime, timezone

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_LATEST = 253_402_300_799  # 9999-12-31T23:59:59Z


def to_rfc3339(unix_seconds: int) -> str:
    """Return the instant in UTC, e.g. `2026-11-23T08:00:00Z`.

    Raises:
        ValueError: the instant lies outside the years 1970 to 9999.
    """
    if not 0 <= unix_seconds <= _LATEST:
        msg = "not an instant between 1970 and 9999"
        raise ValueError(msg)
    return datetime.fromtimestamp(unix_seconds, tz=timezone.utc).strftime(_FORMAT)


def from_iso8601(text: str) -> int:
    """Read a date or date-time as Unix seconds, rounded down; without an offset it is UTC.

    Raises:
        ValueError: it is neither, or lies before 1970.
    """
    # Python 3.10 knows neither "Z" nor fractions of other than 3 or 6 digits.
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    unix_seconds = int(moment.timestamp() // 1)
    if unix_seconds < 0:
        msg = "before 1970"
        raise ValueError(msg)
    return unix_seconds
