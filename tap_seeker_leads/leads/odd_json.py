"""JSON that is complete but not perfect, and text that no warehouse can hold: pure.

Replaced by U+FFFD, in names too: control characters other than tab, newline and carriage return, above all U+0000,
which PostgreSQL refuses; bytes that are not UTF-8; halves of surrogate pairs. Numbers beyond a float become null.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: As Python has them: broken bytes have become surrogates, see `read_json`.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: As JSON has them. Raw ones below U+0020, broken UTF-8 and surrogates are missing: msgspec refuses those by itself.
_ESCAPED_CONTROL = re.compile(rb"\\(?:[bf]|u00(?:0[0-8bcefBCEF]|1|7[fF]|[89]))")
_RAW_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")


def may_hold_controls(body: bytes) -> bool:
    """Return whether JSON that msgspec takes may hold characters to replace; quick, since every page is looked at."""
    is_escaped = b"\\" in body and _ESCAPED_CONTROL.search(body) is not None
    return is_escaped or b"\x7f" in body or (b"\xc2" in body and _RAW_CONTROL.search(body) is not None)


def read_json(body: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Read JSON whose strings may hold anything; nothing is replaced yet.

    Raises:
        ValueError: it is not JSON, or was cut.
        RecursionError: it is nested too deeply.
    """
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode(encoding, "surrogateescape")
    return json.loads(text, strict=False, parse_int=_integer)


def is_storable(text: str) -> bool:
    """Return whether a text stays as it is."""
    return _UNSTORABLE.search(text) is None


def storable(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return a value as JSON in UTF-8, and warehouses, can hold it.

    Raises:
        RecursionError: it is nested too deeply.
    """
    if isinstance(value, str):
        return value if is_storable(value) else _replaced(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [storable(element) for element in value]
    if not isinstance(value, dict):
        return value
    result: dict[str, Any] = {}
    for given, element in value.items():
        name = storable(given)
        while name in result or (name != given and name in value):  # two names must not become one
            name += _REPLACEMENT
        result[name] = storable(element)
    return result


def _replaced(text: str) -> str:
    whole_pairs = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _UNSTORABLE.sub(_REPLACEMENT, whole_pairs)


def _integer(digits: str) -> int | float:
    try:
        return int(digits)
    except ValueError:  # more digits than Python converts
        return math.inf
