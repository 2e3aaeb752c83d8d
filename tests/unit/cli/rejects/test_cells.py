from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_cli.rejects.cells import ABSENT, cell_of, escaped, unescaped, value_of

SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8")))
def test_an_escape_is_exactly_undone(text: str) -> None:
    """No cell begins like a formula, and each text is restored exactly."""
    assert unescaped(escaped(text)) == text
    assert escaped(text)[:1] not in tuple("=+-@\t\r\n")
    assert escaped(text).lstrip()[:1] not in tuple("=+-@")


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+33 6 39 98 00 01", "'+33 6 39 98 00 01"),
        ("-", "'-"),
        ("@me", "'@me"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("'=x", "''=x"),
        (" =x", "' =x"),
        ("\u200b\u00a0+x", "'\u200b\u00a0+x"),
        ("\nx", "'\nx"),
        ("\uff1dx", "'\uff1dx"),
        ("' @x", "'' @x"),
        (" x", " x"),
        ("'l", "'l"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str, cell: str) -> None:
    """No other text gets one."""
    assert (escaped(text), unescaped(cell)) == (cell, text)


@given(VALUES)
def test_an_unchanged_cell_is_the_same_value(value: Any) -> None:
    """Type, digits and null are kept, also through a file."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerow([cell_of(value), "end"])
    (cell, _), *_ = csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=";")
    assert value_of(cell, value) is value


@pytest.mark.parametrize(
    ("before", "cell", "value"),
    [
        ("luc(at)example.org", "luc@example.org", "luc@example.org"),
        ("x", "", ""),
        ("x", "'+33 6", "+33 6"),
        (None, "Luc", "Luc"),
        (None, "5", "5"),
        (ABSENT, "Luc", "Luc"),
        (ABSENT, "", ABSENT),
        (5, "6", 6),
        (5, "", None),
        (5, "six", "six"),
        (Decimal("64.50"), "65.25", Decimal("65.25")),
        (Decimal("64.50"), "65,25", Decimal("65.25")),
        (True, "false", False),
        ({"a": 1}, '{"a": 2}', {"a": 2}),
        (["x"], "nothing", "nothing"),
        ("5", 6, "6"),
        (5, 6, 6),
        ("x", None, ""),
        (None, None, None),
        ("0639980001", "639980002", "639980002"),
    ],
)
def test_changed_cell_is_read_as_text_or_json(before: Any, cell: Any, value: Any) -> None:
    """Text stays text; a cell that replaces a number, a boolean or a nested value is read as JSON if it is valid."""
    assert value_of(cell, before) == value
    assert type(value_of(cell, before)) is type(value)
