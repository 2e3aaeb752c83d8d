"""JSON as Singer messages have it: fast where it is strict, and lenient where sources are not.

Python's `json` writes NaN, and half a surrogate pair where a text was cut within an emoji. Neither is JSON that others
read, and some numbers are JSON that Python cannot hold, but none of these may stop a pipeline for good.
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
    """Return what a line says; numbers with a fraction stay exact, as Decimal, and those beyond any Decimal as text.

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
    """Return the JSON of a value on one line.

    Numbers keep their digits; what JSON does not know becomes text, NaN and the infinities null.
    """
    encoder = _SORTED if is_sorted else _ENCODER
    try:
        return encoder.encode(value)
    except UnicodeEncodeError:
        # Half a surrogate pair, as JSON can spell it but UTF-8 cannot.
        builtins = msgspec.to_builtins(value, enc_hook=str, builtin_types=(Decimal,))
        return _ascii(builtins, is_sorted=is_sorted)


def sha256(value: object) -> str:
    """Return the SHA-256, in hex, of a value's sorted JSON: equal values have equal ones."""
    return hashlib.sha256(encode(value, is_sorted=True)).hexdigest()


def _ascii(builtins: object, *, is_sorted: bool) -> bytes:
    # Python's `json` would make floats of Decimals: their digits go through it as texts with a mark, which is taken off
    # afterwards. The way there and back turns NaN into null.
    mark = uuid.uuid4().hex
    marked = json.dumps(builtins, default=lambda number: f"{mark}{number}")
    spelled = json.dumps(json.loads(marked, parse_constant=lambda _: None), sort_keys=is_sorted)
    return re.sub(f'"{mark}([^"]*)"', r"\1", spelled).encode("ascii")


def _exact(digits: str) -> Decimal | str:
    try:
        return Decimal(digits)
    except InvalidOperation:
        return digits  # an exponent of 19 digits


def _whole(digits: str) -> int | Decimal:
    try:
        return int(digits)
    except ValueError:
        return Decimal(digits)  # Python reads no int of more than 4,300 digits
