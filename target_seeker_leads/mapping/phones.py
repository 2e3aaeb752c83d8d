"""Phones as sources write them: text, numbers, objects and lists; pure, and never an error.

What is certain is fixed: no-break spaces and long dashes, and what a spreadsheet lost when it made a number of a phone.
What is not stays as it is, so that `validation` and `plausibility` report it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import CONVERTERS, from_json_text, is_empty, to_text, to_upper
from target_seeker_leads.mapping.field_names import Meaning, meaning_of, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: What the contract allows between digits: the same number may be written with it and without.
SEPARATORS = re.compile(r"[() /.\-]")
#: A number as a spreadsheet writes it, with the point of English or the comma of French: `612345678.0`, `6,12E+08`.
_SPREADSHEET_NUMBER = re.compile(r"[1-9]\d*(?:[.,]\d+)?[Ee]\+?\d{1,2}|[1-9]\d{6,}[.,]0+", re.ASCII)
_DIGITS = re.compile(r"[1-9]\d*", re.ASCII)
#: French numbers without what a number cannot keep: the leading 0, or the + before the country's 33.
_LOST_ZERO = re.compile(r"[1-79]\d{8}", re.ASCII)
_LOST_PLUS = re.compile(r"33[1-79]\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are read, since a record must be known that an earlier version read in another way."""

    is_empty: Callable[[object], bool]
    to_number: Callable[[Any], Any]
    #: What a name means, in a container or at the top level.
    meaning_of: Callable[[str, str], Meaning | None]
    #: By field, but for phones and the date.
    converters: Mapping[str, Callable[[Any], Any]]


def to_phones(
    value: Any,  # noqa: ANN401  # any value
    phone_type: str | None = None,
    reading: Reading | None = None,
) -> list[dict[str, Any]]:
    """Return the phones of a text, a number, an object or a list of these; the type is for those without their own."""
    value = from_json_text(value)
    items = value if isinstance(value, list) else [value]
    phones = (_to_phone(item, phone_type, reading or CURRENT) for item in items)
    return [phone for phone in phones if phone is not None]


def to_number(value: Any) -> Any:  # noqa: ANN401  # any value, which may stay as it is
    """Return a phone's number as text.

    Blanks and dashes of every kind become plain ones. A number, or the text of a spreadsheet's, gets its digits back,
    and a French one the 0 or + that it lost; one that lost digits stays as it is.
    """
    if isinstance(value, str):
        text = _with_plain_separators(value).strip()
        if not _SPREADSHEET_NUMBER.fullmatch(text):
            return text
        digits = _whole_digits(text)
        return text if digits is None else _with_lost_prefix(digits)
    digits = to_text(value)
    return _with_lost_prefix(digits) if isinstance(digits, str) and _DIGITS.fullmatch(digits) else value


def _with_plain_separators(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if char.isspace() else "-" if unicodedata.category(char) == "Pd" else char for char in text)


def _whole_digits(text: str) -> str | None:
    """Return all digits of a spreadsheet's number; None where some may have been rounded away."""
    number = Decimal(text.replace(",", "."))
    exponent = number.as_tuple().exponent
    # 6.12E8 shows three digits of nine; of 612345678.0 and 6.12345678E8 all are there.
    if not isinstance(exponent, int) or exponent > 0 or number != int(number):
        return None
    return str(int(number))


def _with_lost_prefix(digits: str) -> str:
    if _LOST_ZERO.fullmatch(digits):
        return f"0{digits}"
    return f"+{digits}" if _LOST_PLUS.fullmatch(digits) else digits


def _to_phone(item: Any, phone_type: str | None, reading: Reading) -> dict[str, Any] | None:  # noqa: ANN401  # any value
    if not isinstance(item, dict):
        item = {"number": item}
    values: dict[str, Any] = {}
    for name, value in item.items():
        part = normalise(name)
        if part not in values or reading.is_empty(values[part]):
            values[part] = value
    if not item or ("number" in values and reading.is_empty(values["number"])):
        # An empty slot of a form is not a phone; an object that lacks the number altogether is one that we cannot read.
        return None
    phone = {"number": reading.to_number(values["number"])} if "number" in values else {}
    kind = values.get("type")
    kind = phone_type if reading.is_empty(kind) else to_upper(kind)
    return phone if kind is None else {**phone, "type": kind}


#: How values are read now.
CURRENT = Reading(is_empty, to_number, meaning_of, CONVERTERS)
