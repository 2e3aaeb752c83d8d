"""The values of a record's key, in one form, so that two spellings of the same value are equal. Pure."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A whole number as spreadsheets and data frames write it. A leading zero, an exponent or any other fraction may
#: distinguish two keys, so such texts are not changed.
_WHOLE_AS_TEXT = re.compile(r"(-?[1-9]\d*)\.0+", re.ASCII)
#: Numbers with more digits than this are written with an exponent: plain digits could fill the memory.
_MAX_DIGITS = 40


def key_values(record: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any] | None:
    """Return the values of a key by their names, or None if they do not identify a record.

    Next to other values, `false` is a value. Alone, it is how Odoo writes "none", and all records would be one lead.
    """
    values = {name: key_value(record.get(name)) for name in names}
    if not values or all(value is False for value in values.values()):
        return None
    return None if any(value is not False and is_empty(value) for value in values.values()) else values


def key_value(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return a value in a form in which equal numbers are equal, as JSON or as text; None for NaN and infinities."""
    if isinstance(value, str):
        whole = _WHOLE_AS_TEXT.fullmatch(value)
        return whole[1] if whole else value
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, int) and abs(value) < 10**_MAX_DIGITS:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return _digits(number) if number.is_finite() else None


def _digits(number: Decimal) -> str:
    """Return a number's digits without needless zeros; exact, unlike `normalize`, which rounds."""
    sign, digits, exponent = number.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return "0"
    power = int(exponent) + len(text) - len(significant)
    minus = "-" if sign else ""
    if abs(power) + len(significant) > _MAX_DIGITS:
        return f"{minus}{significant}e{power}"
    if power >= 0:
        return f"{minus}{significant}{'0' * power}"
    whole = significant.rjust(1 - power, "0")
    return f"{minus}{whole[:power]}.{whole[power:]}"
