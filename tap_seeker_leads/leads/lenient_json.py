"""JSON that is complete but malformed in its text, and text that warehouses cannot store: pure.

U+FFFD replaces, in names too: control characters other than tab, newline and carriage return, especially U+0000, which
PostgreSQL rejects; bytes that are not UTF-8; and unpaired surrogates. Numbers too large for a float become null.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: In Python's text: broken bytes are surrogates there, see `read_json`.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
#: In JSON. Raw characters below U+0020, broken UTF-8 and surrogates are not listed: msgspec rejects them itself.
_ESCAPED_CONTROL = re.compile(rb"\\(?:[bf]|u00(?:0[0-8bcefBCEF]|1|7[fF]|[89]))")
_RAW_CONTROL = re.compile(rb"\xc2[\x80-\x9f]")


def may_hold_controls(body: bytes) -> bool:
    """Return whether JSON that msgspec accepts may hold characters to replace; fast, since it runs for every page."""
    is_escaped = b"\\" in body and _ESCAPED_CONTROL.search(body) is not None
    return is_escaped or b"\x7f" in body or (b"\xc2" in body and _RAW_CONTROL.search(body) is not None)


def read_json(body: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Read JSON whose strings may contain anything; nothing is replaced yet.

    Raises:
        ValueError: it is not JSON, or was cut off.
        RecursionError: it is nested too deeply.
    """
    encoding = json.detect_encoding(body)
    try:
        text = body.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:
        text = body.decode(encoding, "surrogateescape")
    return json.loads(text, strict=False, parse_int=_integer)


def is_storable(text: str) -> bool:
    """Return whether a text contains no character to replace."""
    return _UNSTORABLE.search(text) is None


def storable(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Return a value in a form that JSON in UTF-8, and warehouses, can store.

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
    for key, element in value.items():
        name = storable(key)
        while name in result or (name != key and name in value):  # two names must not become one
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
