"""Detects dates that are the zero or the end of a calendar, and not the date of a lead. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from target_seeker_leads.mapping.plausibility.finding import violation, warning
from target_seeker_leads.mapping.plausibility.texts import check_token

if TYPE_CHECKING:
    from target_seeker_leads.mapping.plausibility.finding import Finding

ZERO = violation(
    "must be the date of submission, not the zero or the end of a calendar",
    "Give the real date; an empty one is filled by the setting defaults",
)
SERIAL = violation(
    "must be a date: it is a spreadsheet's day number",
    "Format the column as a date in the spreadsheet, e.g. 2026-01-31",
)
EARLY = warning("is before the year 2000", "Check that the column is when the lead was submitted")
FUTURE = warning("is in the future", "Check the order of day and month, and the time zone")

#: Year 1 of .NET and Go, 1601 of Windows, 1753 and 1900 of SQL Server, 1899 of Excel and Delphi: not dates of leads.
_LAST_YEAR_OF_ZEROS = 1901
#: 1904: Excel on old Macs; 1970: Unix, shown as 1969 west of Greenwich.
_ZERO_DAYS = frozenset({"1904-01-01", "1969-12-31", "1970-01-01", "9999-12-31"})
#: `1900-01-00` is how a spreadsheet shows the number 0 as a date; `0000-00-00` is MySQL's.
_BROKEN_ZERO = re.compile(
    r"(?:\d{4}-\d\d-00|0000-\d\d-\d\d|0?0/0?1/19\d\d|0?1/0?0/19\d\d)(?!\d).*", re.ASCII | re.DOTALL
)
#: From 1954 to 2064.
_SERIAL = re.compile(r"[2-5]\d{4}(?:[.,]\d+)?", re.ASCII)
_FIRST_LIKELY_YEAR = 2000
#: Allows for differences between clocks and time zones.
_TOLERANCE = timedelta(days=1)


def check_date(text: str, now: datetime) -> Finding | None:
    """Return what is wrong or unlikely about an instant, if anything is; `now` must have a time zone."""
    if _BROKEN_ZERO.fullmatch(text):
        return ZERO
    if _SERIAL.fullmatch(text):
        return SERIAL
    try:
        # A text that is not a date is left to the contract's validation.
        day = datetime.strptime(text[:10], "%Y-%m-%d").replace(tzinfo=now.tzinfo)
    except ValueError:
        return check_token(text)
    if day.year <= _LAST_YEAR_OF_ZEROS or text[:10] in _ZERO_DAYS:
        return ZERO
    if day.year < _FIRST_LIKELY_YEAR:
        return EARLY
    return FUTURE if day > now + _TOLERANCE else check_token(text)
