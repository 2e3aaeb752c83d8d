"""Which spellings of a key are the same key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.delivery.key_values import key_value, key_values
from target_seeker_leads.singer.singer_json import decode

NUMBERS = (
    st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3)
)


@given(NUMBERS.map(lambda x: Decimal(str(x))).filter(bool), st.integers(0, 30))
def test_json_numbers_compare_by_value(number: Decimal, zeros: int) -> None:
    """5, 5.0, 5.00 and 5e0 are one key, however many digits a number has."""
    sign, digits, exponent = number.as_tuple()
    spelled = f"{'-' if sign else ''}{int(''.join(map(str, digits)))}{'0' * zeros}e{int(exponent) - zeros}"
    assert key_value(Decimal(spelled)) == key_value(number)
    assert key_value(decode(spelled.encode())) == key_value(number)


@given(NUMBERS, NUMBERS)
def test_other_numbers_are_other_keys(one: Any, other: Any) -> None:
    """No digit is lost: two numbers are the same key only if they are equal."""
    exact = [Decimal(repr(x)) if isinstance(x, float) else Decimal(x) for x in (one, other)]
    assert (key_value(one) == key_value(other)) is (exact[0] == exact[1])


SAME = [("1001", 1001), ("1001.0", 1001), ("-7.000", -7), ("0.5", 0.5), ("0", 0), (10**45, 1e45)]
DISTINCT = ["7", "007", "7e0", "07.0", "7.50", "7.5", "0.0", "0", "7,0", " 7", "7.", "+7", "\u0667.0"]


@pytest.mark.parametrize(("one", "other"), SAME, ids=str)
def test_whole_number_that_a_spreadsheet_wrote_is_its_integer(one: object, other: object) -> None:
    """A text of an integer, with or without a point and zeros, is that integer."""
    assert key_value(one) == key_value(other)


def test_other_texts_stay_distinct() -> None:
    """Leading zeros, exponents and other fractions may distinguish two keys."""
    assert len({key_value(text) for text in DISTINCT}) == len(DISTINCT)


@pytest.mark.parametrize(
    ("record", "is_key"),
    [
        ({"id": 5, "archived": False}, True),
        ({"id": 0, "archived": False}, True),
        ({"id": False, "archived": False}, False),
        ({"id": None, "archived": False}, False),
        ({"id": 5}, False),
        ({"id": 5, "archived": " \u200b"}, False),
        ({"id": 5, "archived": float("inf")}, False),
    ],
)
def test_false_is_a_value_beside_others(record: dict[str, Any], is_key: bool) -> None:  # noqa: FBT001  # a column of the table
    """`false` is part of a composite key; null, blank, missing, NaN and `false` alone do not identify a record."""
    assert (key_values(record, ("id", "archived")) is not None) is is_key


def test_single_false_identifies_nothing() -> None:
    """Odoo writes `false` for none: with that alone as the key, all records would be one lead."""
    assert key_values({"id": False}, ("id",)) is None
    assert key_values({}, ()) is None
