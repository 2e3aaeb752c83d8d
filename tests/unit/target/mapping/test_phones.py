"""Phones as people, spreadsheets and data frames write them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.mapping.format_1 import FORMAT_1
from target_seeker_leads.mapping.phones import to_number, to_phones

OBJECT = {"number": "0612345678"}
PHONES: list[tuple[Any, list[dict[str, Any]]]] = [
    (" 0612345678 ", [OBJECT]),
    (612345678, [OBJECT]),
    (Decimal("33612345678.0"), [{"number": "+33612345678"}]),
    (33612345678.0, [{"number": "+33612345678"}]),
    (491715550199, [{"number": "491715550199"}]),
    (["0612345678", None, "", False, 612345679], [OBJECT, {"number": "0612345679"}]),
    ({"Number": "0612345678", "TYPE": " mobile ", "verified": True, "id": 7}, [{**OBJECT, "type": "MOBILE"}]),
    ([{"number": None, "type": "LANDLINE"}, OBJECT], [OBJECT]),
    ({"number": "", "Number": "0612345678", "type": None}, [OBJECT]),
    (json.dumps([OBJECT, "0711223344"]), [OBJECT, {"number": "0711223344"}]),
    (json.dumps(OBJECT), [OBJECT]),
    ("(06) 12 34 56 78", [{"number": "(06) 12 34 56 78"}]),
    ([], []),
    (None, []),
    # Wrong, so they stay unchanged and validation reports them.
    ("[06", [{"number": "[06"}]),
    ("[" * 100_000, [{"number": "[" * 100_000}]),
    (True, [{"number": True}]),
    (-612345678, [{"number": -612345678}]),
    (612345.5, [{"number": 612345.5}]),
    ([["0612345678"]], [{"number": ["0612345678"]}]),
    ({"phone": "0612345678"}, [{}]),
    ({**OBJECT, "type": 3}, [{**OBJECT, "type": "3"}]),
]


@pytest.mark.parametrize(("value", "phones"), PHONES, ids=range(len(PHONES)))
def test_phones_of_every_shape(value: object, phones: list[dict[str, Any]]) -> None:
    """A phone may be text, a number, an object, a list of these or the JSON text of one; empty fields are none."""
    assert to_phones(value) == phones


def test_type_of_the_field_is_for_phones_without_their_own() -> None:
    """A phone's own type takes precedence over the type that its field's name gives."""
    assert to_phones([{**OBJECT, "type": "landline"}, "0711223344"], "MOBILE") == [
        {**OBJECT, "type": "LANDLINE"},
        {"number": "0711223344", "type": "MOBILE"},
    ]


#: Every blank and dash that phones are written with: no-break, thin, figure, ideographic; hyphens and long dashes.
BLANKS = "\u00a0\u202f\u2009\u2007\u2003\u3000\t "
DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2212"[:6]
PAIRS = st.lists(st.integers(10, 99).map(str), min_size=4, max_size=4)


@given(PAIRS, st.lists(st.sampled_from(BLANKS + DASHES), min_size=4, max_size=4))
def test_blanks_and_dashes_of_every_kind_are_plain_ones(pairs: list[str], separators: list[str]) -> None:
    """The separators of keyboards, web pages and Word become those that the contract allows."""
    text = "06" + "".join(separator + pair for separator, pair in zip(separators, pairs, strict=True))
    plain = "06" + "".join(
        (" " if separator.isspace() else "-") + pair for separator, pair in zip(separators, pairs, strict=True)
    )
    assert to_phones(text) == [{"number": plain}]


FRENCH = st.sampled_from("1234579").flatmap(lambda first: st.from_regex(rf"{first}[0-9]{{8}}", fullmatch=True))


@given(FRENCH)
def test_french_number_gets_its_prefix_back(digits: str) -> None:
    """A number has no leading 0 and no +: if it can only be French, it gets them back, in each spelling."""
    mantissa = f"{digits[0]}.{digits[1:]}"
    texts = [f"{digits}.0", f"{digits},00", f"{mantissa}E8", f"{mantissa}e+08", f"{mantissa}E+08".replace(".", ",")]
    for value in (int(digits), float(digits), Decimal(digits), *texts):
        assert to_number(value) == f"0{digits}"
    for value in (int(f"33{digits}"), float(f"33{digits}"), f"33{digits}.0"):
        assert to_number(value) == f"+33{digits}"


@pytest.mark.parametrize("text", ["6.12E+08", "6,12346E+08", "6.1234567E8", "3.36123E+10", "6.123456785E8", "1E99"])
def test_number_that_lost_digits_is_rejected(text: str) -> None:
    """A spreadsheet that shows few digits has rounded the others away: they cannot be known."""
    assert to_number(text) == text


@pytest.mark.parametrize("text", ["612345678", "33612345678", "06.12.34.56.78", "0171.5550199", "0033612345678"])
def test_digits_in_a_text_are_not_changed(text: str) -> None:
    """A text of digits may be of another country: only what is certainly a number is fixed."""
    assert to_number(text) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [("06\u00a012345678", "06\u00a012345678"), (612345678, "612345678"), ("612345678.0", "612345678.0")],
)
def test_earlier_reading_does_not_change(value: object, number: str) -> None:
    """What ledger format 1 hashed is a promise: it is always read as it was then."""
    assert to_phones(value, reading=FORMAT_1) == [{"number": number}]
