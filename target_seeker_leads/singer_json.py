"""JSON as Singer messages have it: fast where it is strict, and lenient where sources are not.

Python's `json` writes NaN, and half a surrogate pair where a text was cut within an emoji. Neither is JSON that others
read, but neither may stop a pipeline for good.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_SORTED = msgspec.json.Encoder(decimal_format="number", enc_hook=str, order="sorted")


def decode(line: bytes) -> Any:  # noqa: ANN401  # any JSON
    """Return what a line says; numbers with a fraction stay exact, as Decimal.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            return json.loads(line.decode("utf-8-sig"), parse_float=Decimal)
        except RecursionError:
            msg = "nested too deep"
            raise ValueError(msg) from None
    except RecursionError:
        msg = "nested too deep"
        raise ValueError(msg) from None


def encode(value: object, *, is_sorted: bool = False) -> bytes:
    """Return the JSON of a value on one line; numbers keep their digits, and what JSON does not know becomes text."""
    encoder = _SORTED if is_sorted else _ENCODER
    try:
        return encoder.encode(value)
    except UnicodeEncodeError:
        # Half a surrogate pair, as JSON can spell it but UTF-8 cannot.
        builtins = msgspec.to_builtins(value, enc_hook=str, builtin_types=(Decimal,))
        return json.dumps(builtins, sort_keys=is_sorted, default=_number).encode("ascii")


def _number(value: Decimal) -> float | int:
    return int(value) if value == value.to_integral_value() else float(value)
