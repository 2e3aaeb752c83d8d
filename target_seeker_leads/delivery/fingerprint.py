"""What tells that two leads are the same words of the same person, whatever their source: pure.

The ledger keeps it of what was delivered, so that a lead of ours is known when it comes back through the tap. The API
may space a phone or a message in another way than we did, so only what carries meaning goes in.
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
#: The French `+33 (0)6 …` and `0033 6 …` are `06 …`.
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
