"""Detects phones that are not one phone: dates, fillers, several in one field, numbers cut by a spreadsheet. Pure."""

from __future__ import annotations

import itertools
import re

from target_seeker_leads.mapping.invisible import has_invisible
from target_seeker_leads.mapping.phones import SEPARATORS
from target_seeker_leads.mapping.plausibility.finding import Finding, first, violation, warning

INVISIBLE = violation(
    "must have no invisible characters",
    "Type the number again: it contains, for example, a zero-width space, a byte order mark or a direction mark",
)
WITH_SCHEME = violation("must be only the number", "Remove the `tel:` before the number")
SHORTENED = violation(
    "must have all its digits: a spreadsheet turned it into a number",
    "Format the column as text in the spreadsheet and enter the phone again, because digits may be lost",
)
DATE = violation("must be a phone, not a date", "Map the column that holds the phone, or correct the cell")
FILLER = violation("must be a phone: its digits are all the same", "Give the phone, or leave the field empty")
TOO_FEW_DIGITS = violation("must be a phone: it has fewer than 6 digits", "Give the phone with all its digits")
SEVERAL = violation(
    "must be one phone, not several", "Give each phone in its own field, e.g. phone and mobile, or as a list"
)
NO_PREFIX = warning(
    "begins with neither 0 nor +",
    "If a spreadsheet removed the leading 0 or the +, format its column as text",
)
FEW_DIGITS = warning("has fewer than 8 digits", "Check that it is complete")
SAME_DIGIT = warning("repeats the same digit", "Check that it is a real number")
SEQUENCE = warning("has digits that count up or down", "Check that it is a real number")
TOO_MANY_DIGITS = warning("has more than 15 digits, which no phone has", "Check that it is one phone")

_SCHEME = re.compile(r"\s*tel\s*:", re.IGNORECASE)
#: `6.12E+08`, or with a French comma; or many digits with one fraction, as in `0612345678.0`.
_SPREADSHEET = re.compile(r"[+-]?\d+(?:[.,]\d+)?[Ee][+-]?\d+|[+-]?\d{7,}[.,]\d+", re.ASCII)
_DATE = re.compile(
    r"(?:(?P<first>\d{1,2})(?P<between>[./ -])(?P<second>\d{1,2})(?P=between)(?:(?:19|20)\d\d|\d\d)"
    r"|(?:19|20)\d\d(?P<dash>[./-])(?P<month>\d{1,2})(?P=dash)(?P<day>\d{1,2}))(?:[T ]+\d{1,2}[:hH].*)?",
    re.ASCII,
)
#: Words and signs between two phones, if there is more than half a number on each side.
_PHONE_SEPARATOR = re.compile(r"[/;,|]|\b(?:ou|or|et)\b", re.IGNORECASE)
_PART_DIGITS = 8
_WHOLE_DIGITS = 9
#: Two or more French or international numbers without a separator.
_CONCATENATED = re.compile(r"(?:(?:\+|00)[1-9]\d{9,12}|0[1-9]\d{8}){2,}", re.ASCII)
_MIN_DIGITS = 6
_USUAL_DIGITS = 8
_MAX_DIGITS = 15


def check_phone(number: str) -> Finding | None:
    """Return what is wrong or unlikely about a phone's number, if anything is."""
    text = number.strip()
    digits = _digits(text)
    return first(
        (has_invisible(text), INVISIBLE),
        (_SCHEME.match(text), WITH_SCHEME),
        (_SPREADSHEET.fullmatch(text), SHORTENED),
        (_is_date(text), DATE),
        (_is_filler(text, digits), FILLER),
        (_is_several(text), SEVERAL),
        (digits and len(digits) < _MIN_DIGITS, TOO_FEW_DIGITS),
        (len(digits) < _USUAL_DIGITS, FEW_DIGITS),
        (len(digits) > _MAX_DIGITS, TOO_MANY_DIGITS),
        (len(set(digits[-_USUAL_DIGITS:])) == 1, SAME_DIGIT),
        (_is_sequence(digits), SEQUENCE),
        (len(digits) >= _WHOLE_DIGITS and text[0] not in "+0(", NO_PREFIX),
    )


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)


def _is_date(text: str) -> bool:
    matched = _DATE.fullmatch(text)
    if matched is None:
        return False
    one, other = sorted(int(matched[name]) for name in ("first", "second", "month", "day") if matched[name])
    return 1 <= one <= 12 and 1 <= other <= 31  # noqa: PLR2004  # months of a year, days of a month


def _is_filler(text: str, digits: str) -> bool:
    """Return whether all digits are the same, or zeros after the country code, as in +33 0 00 00 00 00."""
    national = digits[2:] if text.startswith("+") else digits
    return len(digits) > 1 and (len(set(digits)) == 1 or set(national) == {"0"})


def _is_several(text: str) -> bool:
    parts = [part for part in _PHONE_SEPARATOR.split(text) if len(_digits(part)) >= _PART_DIGITS]
    whole = [part for part in text.split() if len(_digits(part)) >= _WHOLE_DIGITS]
    concatenated = _CONCATENATED.fullmatch(SEPARATORS.sub("", text))
    return len(parts) > 1 or len(whole) > 1 or concatenated is not None


def _is_sequence(digits: str) -> bool:
    """Return whether each digit follows the one before it, up or down, as in 0123456789."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(digits)}
    return steps in ({1}, {9})
