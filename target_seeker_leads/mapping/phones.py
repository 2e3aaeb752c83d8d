"""Reads phones as sources write them: text, numbers, objects and lists. Pure; no value raises an error.

Clear cases are fixed: no-break spaces, long dashes, and what a spreadsheet lost when it turned a phone into a number.
Anything else is not changed, so that `validation` and `plausibility` report it.
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

#: What the contract allows between digits: the same number may be written with or without it.
SEPARATORS = re.compile(r"[() /.\-]")
#: A number as a spreadsheet writes it, with an English point or a French comma: `612345678.0`, `6,12E+08`.
_SPREADSHEET_NUMBER = re.compile(r"[1-9]\d*(?:[.,]\d+)?[Ee]\+?\d{1,2}|[1-9]\d{6,}[.,]0+", re.ASCII)
_DIGITS = re.compile(r"[1-9]\d*", re.ASCII)
#: French phones without what a number cannot hold: the leading 0, or the + before the country's 33.
_LOST_ZERO = re.compile(r"[1-79]\d{8}", re.ASCII)
_LOST_PLUS = re.compile(r"33[1-79]\d{8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """How values are read. Earlier versions read them differently, and their records must still be recognised."""

    is_empty: Callable[[object], bool]
    to_number: Callable[[Any], Any]
    #: What a name means, in a container or at the top level.
    meaning_of: Callable[[str, str], Meaning | None]
    #: By field, except phones and the date.
    converters: Mapping[str, Callable[[Any], Any]]


def to_phones(
    value: Any,  # noqa: ANN401  # any value
    phone_type: str | None = None,
    reading: Reading | None = None,
) -> list[dict[str, Any]]:
    """Return the phones in a text, number, object or list of these; `phone_type` is for those without a type."""
    value = from_json_text(value)
    items = value if isinstance(value, list) else [value]
    phones = (_to_phone(item, phone_type, reading or CURRENT) for item in items)
    return [phone for phone in phones if phone is not None]


def to_number(value: Any) -> Any:  # noqa: ANN401  # any value, which may stay as it is
    """Return a phone's number as text.

    Blanks and dashes of every kind become plain ones. A number, or a spreadsheet's text of one, is written in digits,
    and a French phone gets back the 0 or + that it lost. A number that lost digits is not changed.
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
    """Return all digits of a spreadsheet's number; None if some may have been rounded away."""
    number = Decimal(text.replace(",", "."))
    exponent = number.as_tuple().exponent
    # 6.12E8 shows only three digits of nine; 612345678.0 and 6.12345678E8 show all.
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
        # An empty form field is not a phone; an object without a number is one that cannot be read.
        return None
    phone = {"number": reading.to_number(values["number"])} if "number" in values else {}
    kind = values.get("type")
    kind = phone_type if reading.is_empty(kind) else to_upper(kind)
    return phone if kind is None else {**phone, "type": kind}


#: How this version reads values.
CURRENT = Reading(is_empty, to_number, meaning_of, CONVERTERS)
