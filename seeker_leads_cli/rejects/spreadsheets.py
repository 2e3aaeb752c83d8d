"""Recognises what spreadsheet programs change by themselves when they open and save a CSV: pure functions.

A phone number loses its leading 0, a date gets a local format, a character that CP1252 lacks becomes a question mark.
Such a change is not a correction and must not replace the value.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = {"true": {"true", "vrai", "wahr"}, "false": {"false", "faux", "falsch"}}
_NUMBER = re.compile(r"([+-]?)0*(\d+?)(?:\.(\d*?)0*)?")
_ROUNDED = re.compile(r"-?\d(?:[.,](\d+))?E\+\d{1,3}", re.IGNORECASE)
#: In characters; longer text is not a number.
_LONGEST_NUMBER = 400
_DATES = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d")


def is_as_saved(written: str, found: str) -> bool:
    """Return whether a spreadsheet program may turn the cell `written` into `found` by itself."""
    return any(rule(written, found) for rule in _RULES)


def _other_characters(written: str, found: str) -> bool:
    """Other line endings, and a question mark for each UTF-16 code unit that CP1252 lacks."""
    before, after = _with_plain_ends(written), _with_plain_ends(found)
    if before == after:
        return True
    if "?" not in after:
        return False
    units = "".join(char if ord(char) <= 0xFFFF else "??" for char in before)  # noqa: PLR2004  # of UTF-16
    return after in {each.encode("cp1252", "replace").decode("cp1252") for each in (before, units)}


def _with_plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _shorter_number(written: str, found: str) -> bool:
    """The same number without a plus sign or outer zeros, with a decimal comma, or rounded; never with more digits."""
    number = _NUMBER.fullmatch(written.removeprefix("'")) if len(written) <= _LONGEST_NUMBER else None
    if not number:
        return False
    sign, whole, fraction = number[1].replace("+", ""), number[2], number[3]
    shortest = f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
    if found.replace(",", ".") == shortest:
        return True
    rounded = _ROUNDED.fullmatch(found)
    if not rounded:
        return False
    digits = len(rounded[1] or "")
    return f"{Decimal(shortest):.{digits}E}" == f"{Decimal(found.replace(',', '.')):.{digits}E}"


def _word_for_a_boolean(written: str, found: str) -> bool:
    return found.casefold() in _WORDS.get(written, ())


def _other_date_format(written: str, found: str) -> bool:
    """The same time in a local format, possibly without seconds."""
    moment = _moment(written)
    if moment is None:
        return False
    if _moment(found) == moment:
        return True
    told = {"": moment, " %H:%M": moment.replace(second=0, microsecond=0), " %H:%M:%S": moment}
    return any(_parsed(found, date + time) == meant for date in _DATES for time, meant in told.items())


def _parsed(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  # spreadsheets have no time zones
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo else moment


_RULES: tuple[Callable[[str, str], bool], ...] = (
    _other_characters,
    _shorter_number,
    _word_for_a_boolean,
    _other_date_format,
)
