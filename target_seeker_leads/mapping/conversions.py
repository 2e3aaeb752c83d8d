"""Converts values as sources write them to values as the contract expects them. Pure; no value raises an error.

A value that cannot be read is not changed, so that the validation reports it.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.invisible import is_blank
from target_seeker_leads.mapping.words import gender_of, language_of

if TYPE_CHECKING:
    from collections.abc import Callable

#: Numbers with more digits before or after the point are not meant as text, and may fill the memory.
_MAX_DIGITS = 40

_LOCALE = re.compile(r"([A-Z]{2,3})[_-][A-Z0-9@._-]+", re.ASCII)


def is_empty(value: object) -> bool:
    """Return whether a value is empty: null, invisible text, an empty list or object, NaN, or Odoo's False."""
    if isinstance(value, str):
        return is_blank(value)
    if isinstance(value, (dict, list)):
        return not value
    if isinstance(value, Decimal):
        return value.is_nan()
    return value is None or value is False or (isinstance(value, float) and math.isnan(value))


def from_json_text(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Parse a text that is a JSON object or list: warehouses return nested columns as text."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def to_text(value: Any) -> Any:  # noqa: ANN401  # any value, which may stay as it is
    """Return a number's text, in digits and without an exponent; anything else unchanged."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, int):
        return str(value) if abs(value) < 10**_MAX_DIGITS else value
    number = value if isinstance(value, Decimal) else Decimal(repr(value))
    if not number.is_finite() or number.adjusted() >= _MAX_DIGITS or int(number.as_tuple().exponent) < -_MAX_DIGITS:
        return value
    # Sources whose integers cannot be null turn whole numbers into floats.
    return str(int(number)) if number == int(number) else f"{number:f}"


def to_trimmed(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the text without blanks around it."""
    text = to_text(value)
    return text.strip() if isinstance(text, str) else text


def to_upper(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the text trimmed and upper-cased, as the contract's enums are."""
    text = to_trimmed(value)
    return text.upper() if isinstance(text, str) else text


def to_gender(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the contract's code for a gender in words such as `Mme`; unknown words upper-cased."""
    text = to_upper(value)
    return (gender_of(text) or text) if isinstance(text, str) else text


def to_language(value: Any) -> Any:  # noqa: ANN401  # as above
    """Return the contract's code for a language, from a word such as `Français`, a code, or a locale like `fr_FR`."""
    text = to_upper(value)
    if not isinstance(text, str):
        return text
    locale = _LOCALE.fullmatch(text)
    code = locale[1] if locale else text
    return language_of(code) or code


#: How the values of each field are read, except phones and the date, which have their own modules.
CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "firstName": to_text,
    "lastName": to_text,
    "message": to_text,
    "email": to_trimmed,
    "classifiedId": to_trimmed,
    "gender": to_gender,
    "language": to_language,
}
