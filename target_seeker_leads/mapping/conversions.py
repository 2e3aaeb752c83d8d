"""Values as sources write them, made into values as the contract wants them: pure, and never an error.

What cannot be read stays as it is, so that the validation reports it.
"""

from __future__ import annotations

import json
import math
import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.invisible import is_blank

if TYPE_CHECKING:
    from collections.abc import Callable

#: Numbers of more digits before or after the point are no text that anybody meant, and may fill the memory.
_MAX_DIGITS = 40

_LOCALE = re.compile(r"([A-Z]{2,3})[_-][A-Z0-9@._-]+", re.ASCII)
#: Unix seconds from 1973 to 2286; fewer digits are rather a date (20261123), more are milliseconds.
_EPOCH = re.compile(r"(\d{9,10})(?:\.(\d+))?", re.ASCII)
_FIRST_INSTANT = datetime(1970, 1, 1)  # noqa: DTZ001  # the offset is written apart
# Not `fromisoformat`: what it reads depends on Python's version, and on whether the SDK has replaced it.
_ISO_8601 = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?"
    r" ?(?:Z|UTC|(?P<sign>[+-])(?P<offset_hour>[01]\d|2[0-3])(?::?(?P<offset_minute>[0-5]\d))?)?)?",
    re.ASCII | re.IGNORECASE,
)


def is_empty(value: object) -> bool:
    """Return whether a value stands for none: null, text with nothing to see, no elements, NaN, or Odoo's False."""
    if isinstance(value, str):
        return is_blank(value)
    if isinstance(value, (dict, list)):
        return not value
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or value is False or (isinstance(value, float) and math.isnan(value))


def from_json_text(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return what a text of a JSON object or list holds: warehouses hand nested columns over as text."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def to_text(value: Any) -> Any:  # noqa: ANN401  # any value, which may stay as it is
    """Return a number's text, in digits and without an exponent; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_MAX_DIGITS else value
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite() or number.adjusted() >= _MAX_DIGITS or int(number.as_tuple().exponent) < -_MAX_DIGITS:
        return value
    # Whole numbers become floats in sources that know no null beside integers.
    return str(int(number)) if number == int(number) else f"{number:f}"


def to_trimmed(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the text without blanks around it."""
    text = to_text(value)
    return text.strip() if isinstance(text, str) else text


def to_upper(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the text trimmed and upper-cased, as the contract's enums are."""
    text = to_trimmed(value)
    return text.upper() if isinstance(text, str) else text


def to_language(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the language's code upper-cased; a locale such as `fr_FR` gives its language."""
    text = to_upper(value)
    locale = _LOCALE.fullmatch(text) if isinstance(text, str) else None
    return locale[1] if locale else text


def to_date_time(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the instant as RFC 3339 with its own offset, `Z` for UTC; without an offset it is UTC."""
    if isinstance(value, datetime):
        return _from_datetime(value)
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    text = to_trimmed(value)
    if not isinstance(text, str):
        return text
    if seconds := _EPOCH.fullmatch(text):
        return _rfc3339(_FIRST_INSTANT + timedelta(seconds=int(seconds[1])), seconds[2])
    return _from_iso8601(text)


def _from_datetime(moment: datetime) -> str:
    offset = moment.utcoffset()
    if offset and offset % timedelta(minutes=1):
        # RFC 3339 knows no seconds in offsets, which local times before standard time have.
        try:
            moment = moment.astimezone(timezone.utc)
        except OverflowError:
            return moment.isoformat()
        offset = None
    if not offset:
        return f"{moment.replace(tzinfo=None).isoformat()}Z"
    return moment.isoformat()


def _from_iso8601(text: str) -> str:
    matched = _ISO_8601.fullmatch(text)
    if matched is None:
        return text
    parts = [int(matched[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    try:
        moment = datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  # six numbers; the offset is written apart
    except ValueError:
        return text
    offset = f"{matched['offset_hour'] or '00'}:{matched['offset_minute'] or '00'}"
    return _rfc3339(moment, matched["fraction"], "Z" if offset == "00:00" else f"{matched['sign']}{offset}")


def _rfc3339(moment: datetime, fraction: str | None, offset: str = "Z") -> str:
    return f"{moment.isoformat()}.{fraction}{offset}" if fraction else f"{moment.isoformat()}{offset}"


#: How the values of each field but the phones are read.
CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "firstName": to_text,
    "lastName": to_text,
    "message": to_text,
    "email": to_trimmed,
    "classifiedId": to_trimmed,
    "gender": to_upper,
    "language": to_language,
    "submittedDate": to_date_time,
}
