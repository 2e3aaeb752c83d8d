"""JSON for Singer messages: a fast, strict parser first, and a lenient one for input that is not strict.

Python's `json` writes NaN, and a lone surrogate if a text was cut inside an emoji. Other parsers reject both, and some
numbers that JSON allows are too large for Python. None of these may block a pipeline for good.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_SORTED = msgspec.json.Encoder(decimal_format="number", enc_hook=str, order="sorted")


def decode(line: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Parse a line; numbers with a fraction stay exact, as Decimal, or as text if they are too large for Decimal.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, InvalidOperation):
        try:
            return json.loads(line.decode("utf-8-sig"), parse_float=_exact, parse_int=_whole)
        except RecursionError:
            msg = "nested too deep"
            raise ValueError(msg) from None
    except RecursionError:
        msg = "nested too deep"
        raise ValueError(msg) from None


def encode(value: object, *, is_sorted: bool = False) -> bytes:
    """Return a value as one line of JSON.

    Numbers keep their digits. Types that JSON does not have become text; NaN and the infinities become null.
    """
    encoder = _SORTED if is_sorted else _ENCODER
    try:
        return encoder.encode(value)
    except UnicodeEncodeError:
        # A lone surrogate: JSON can escape it, but UTF-8 cannot encode it.
        builtins = msgspec.to_builtins(value, enc_hook=str, builtin_types=(Decimal,))
        return _ascii(builtins, is_sorted=is_sorted)


def sha256(value: object) -> str:
    """Return the SHA-256, in hex, of a value's sorted JSON: equal values have equal hashes."""
    return hashlib.sha256(encode(value, is_sorted=True)).hexdigest()


def _ascii(builtins: object, *, is_sorted: bool) -> bytes:
    # Python's `json` would turn Decimals into floats. So their digits are encoded as marked text, and the marks are
    # removed afterwards. Encoding and decoding once turns NaN into null.
    mark = uuid.uuid4().hex
    marked = json.dumps(builtins, default=lambda number: f"{mark}{number}")
    spelled = json.dumps(json.loads(marked, parse_constant=lambda _: None), sort_keys=is_sorted)
    return re.sub(f'"{mark}([^"]*)"', r"\1", spelled).encode("ascii")


def _exact(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits  # its exponent has 19 digits


def _whole(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:
        return Decimal(digits)  # Python does not parse an int of more than 4,300 digits
