from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_sandbox.web.markup import join, tag, text_of

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.text())
def test_no_text_becomes_markup(text: str) -> None:
    """No text can start an element or end an attribute."""
    made = tag("p", text, title=text)
    inside = made.removeprefix('<p title="').removesuffix("</p>")
    attribute, _, content = inside.partition('">')
    assert not set("<>\"'") & set(attribute)
    assert not set("<>\"'") & set(content)


@given(ANY_JSON, st.integers(1, 50))
def test_any_value_becomes_a_text_of_bounded_length(value: Any, longest: int) -> None:
    """JSON of any type is shown as text, truncated if it is long, and without control characters."""
    text = text_of(json.loads(json.dumps(value)), longest)
    assert len(text) <= longest + 1
    assert all(char.isprintable() or char not in "\x00\x07\x1b\x7f" for char in text)


@pytest.mark.parametrize(
    ("made", "html"),
    [
        (tag("td", None, "a", ["b", tag("b", "c")]), "<td>ab<b>c</b></td>"),
        (
            tag("button", "x", class_="y", aria_label="z", hidden=True, id=None),
            '<button class="y" aria-label="z" hidden>x</button>',
        ),
        (tag("br"), "<br>"),
        (join("<", tag("i")), "&lt;<i></i>"),
    ],
)
def test_elements_are_written_as_html(made: str, html: str) -> None:
    """Children are concatenated, None is skipped, and names become those of HTML."""
    assert made == html
