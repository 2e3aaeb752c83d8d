"""Detects texts that software writes for an empty value, and e-mail addresses that cannot work. Pure."""

from __future__ import annotations

import re

from target_seeker_leads.mapping.invisible import has_invisible, without_invisible
from target_seeker_leads.mapping.plausibility.finding import Finding, first, violation, warning

INVISIBLE = violation(
    "must have no invisible characters",
    "Type the value again: it contains, for example, a zero-width space, a byte order mark or a soft hyphen",
)
MAILTO = violation("must be only the address", "Remove the `mailto:` before the address")
SEVERAL_ADDRESSES = violation("must be one address, not several", "Give one address; the API accepts only one")
NO_DOT = warning("has no dot after the @", "Check that the address is complete")
EMPTY_NAME = violation(
    "must be a name: it is what software writes for an empty one",
    "Give the last name, or leave the field empty in the source",
)
EMPTY_TEXT = warning(
    "is what software writes for an empty value", "Leave the field empty in the source, or empty it with stream_maps"
)
NO_LETTER = warning("has no letter", "Check that it is a name")

#: Exactly as software spells them. `Null`, `Nan` and `NAN` are surnames, and `NA` may be one. `NULL` is on the list
#: because databases write it far more often than CRMs that write names in capitals.
_EMPTY_VALUES = frozenset(
    {
        *("nan", "NaN", "NaT", "<NA>", "N/A", "n/a", "#N/A", "#NA", "#N/D", "#REF!", "#VALUE!", "#VALEUR!", "#NAME?"),
        *("#NOM?", "#NULL!", "#NUL!", "#DIV/0!", "NULL", "null", "(null)", "<null>", "None", "nil", "undefined"),
        *("\\N", "[object Object]"),
    }
)
_MAILTO = re.compile(r"\s*mailto\s*:", re.IGNORECASE)
_BETWEEN_ADDRESSES = re.compile(r"[;,|/\s]+")


def check_last_name(text: str) -> Finding | None:
    """Return what is wrong or unlikely about a last name, if anything is."""
    name = without_invisible(text).strip()
    if name in _EMPTY_VALUES:
        return EMPTY_NAME
    return None if any(map(str.isalpha, name)) else NO_LETTER


def check_text(text: str) -> Finding | None:
    """Return what is wrong or unlikely about a free text, such as a message, if anything is."""
    return EMPTY_TEXT if without_invisible(text).strip() in _EMPTY_VALUES else None


def check_token(text: str) -> Finding | None:
    """Return what is wrong or unlikely about a text for machines, such as a listing's id, if anything is."""
    return INVISIBLE if has_invisible(text) else None


def check_email(text: str) -> Finding | None:
    """Return what is wrong or unlikely about an e-mail address, if anything is."""
    addresses = [part for part in _BETWEEN_ADDRESSES.split(text) if "@" in part.strip("@")]
    return first(
        (has_invisible(text), INVISIBLE),
        (_MAILTO.match(text), MAILTO),
        (len(addresses) > 1, SEVERAL_ADDRESSES),
        ("@" in text and "." not in text.rpartition("@")[2], NO_DOT),
    )
