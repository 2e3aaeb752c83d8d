"""Recognises that two leads are the same text from the same person, whatever their source. Pure.

The ledger stores the fingerprint of each lead, so that a lead sent from here is recognised when the tap reads it back.
The API may change the spacing of a phone or a message, so only the parts that carry meaning are hashed.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.invisible import without_invisible
from target_seeker_leads.singer.singer_json import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BLANKS = re.compile(r"\s+")
_NO_DIGITS = re.compile(r"[^0-9]")
#: The French `+33 (0)6 …` and `0033 6 …` mean `06 …`.
_FRENCH_PREFIX = re.compile(r"(?:00)?33(?:0(?=\d{9}$)|(?=\d{9}$))")


def fingerprint(destination: Sequence[str | None], request: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of destination, person, listing and message of a full createLeadRequest."""
    phones = request.get("phoneNumbers")
    items = phones if isinstance(phones, list) else []
    numbers = {_digits(item.get("number")) for item in items if isinstance(item, dict)}
    parts = [
        "fingerprint",
        list(destination),
        _text(request.get("lastName")).casefold(),
        _text(request.get("email")).casefold(),
        sorted(numbers - {""}),
        _text(request.get("classifiedId")).upper(),
        _text(request.get("message")),
    ]
    return sha256(parts)


def _text(value: object) -> str:
    if not isinstance(value, str):
        return ""
    return _BLANKS.sub(" ", without_invisible(unicodedata.normalize("NFC", value))).strip()


def _digits(number: object) -> str:
    digits = _NO_DIGITS.sub("", number) if isinstance(number, str) else ""
    return _FRENCH_PREFIX.sub("0", digits, count=1) if _FRENCH_PREFIX.match(digits) else digits
