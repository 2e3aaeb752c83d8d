from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from target_seeker_leads.singer.singer_json import decode, encode

HALF = "half an emoji: \ud83d"


def exact(line: bytes) -> Any:
    """Read JSON strictly, with all digits."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    return json.loads(line, parse_float=Decimal, parse_constant=refuse)


@pytest.mark.parametrize(
    ("number", "value"),
    [
        (b"1e99999999999999999999", "1e99999999999999999999"),
        (b"-1.5E-99999999999999999999", "-1.5E-99999999999999999999"),
        (b"1e999999999999999999", Decimal("1e999999999999999999")),
        (b"0.10", Decimal("0.10")),
        (b"1" * 5000, Decimal("1" * 5000)),
        (b"1" * 40, int("1" * 40)),
    ],
    ids=["vast", "tiny", "as Decimal can", "exact", "of 5,000 digits", "of 40 digits"],
)
@pytest.mark.parametrize("beside", [b"0", b"NaN"], ids=["strict", "lenient"])
def test_any_number_is_read_and_written_with_its_digits(number: bytes, value: object, beside: bytes) -> None:
    """JSON does not limit numbers: one that Python cannot hold stops nothing, and is written as it was read."""
    found = decode(b'{"number": %b, "beside": %b}' % (number, beside))["number"]
    assert found == value
    assert type(found) is type(value)
    written = encode({"number": found})
    assert decode(written)["number"] == value
    assert number.lower() in written.lower().replace(b"e+", b"e")


@pytest.mark.parametrize(
    "number", ["0.12345678901234567890123", "0.10", "1.0", "1E+30", "-0.0", "1E+999999999999", "1E-400"]
)
@pytest.mark.parametrize("is_sorted", [True, False])
def test_numbers_beside_half_an_emoji_keep_their_digits(number: str, *, is_sorted: bool) -> None:
    """A lone surrogate anywhere in a value does not change the digits of its numbers."""
    line = encode({"text": HALF, "numbers": [Decimal(number), 7]}, is_sorted=is_sorted)
    assert number.encode() in line
    assert json.loads(line)["text"] == HALF
    assert exact(line)["numbers"] == [Decimal(number), 7]


@pytest.mark.parametrize("text", ["plain", HALF])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_null(text: str, value: float) -> None:
    """Other parsers cannot read NaN or Infinity; the output is always valid JSON, whatever else it contains."""
    assert exact(encode({"text": text, "value": [value, 0.1]})) == {"text": text, "value": [None, Decimal("0.1")]}


def test_form_with_half_an_emoji_stays() -> None:
    """Identities are hashes of this text: another form would make such records new ones."""
    value = {"b": [1, 0.5, None, True], "a": HALF, HALF: {"y": "é", "x": {}}}
    assert encode(value, is_sorted=True) == json.dumps(value, sort_keys=True).encode()
