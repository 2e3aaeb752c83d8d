"""The cursor of `links.next`, in every way of writing the link."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_seeker_leads.leads.links import has_link, linked_cursor

if TYPE_CHECKING:
    from collections.abc import Callable

#: The characters of ids and cursors, including blanks and characters that are special in URLs.
IDS = st.text(st.sampled_from("ab1+ /=&%é-"), min_size=1, max_size=6)
WRITERS: dict[str, Callable[[str], str]] = {
    "form": quote_plus,
    "path": quote,
    "raw plus": lambda cursor: quote(cursor, safe="+"),
}


@given(IDS, IDS, st.sampled_from(sorted(WRITERS)), st.sampled_from(["none", "before", "after"]))
def test_last_lead_is_the_cursor_however_the_link_is_written(
    last: str, asked: str, writer: str, old_start: str
) -> None:
    """With a raw or escaped `+`, a blank, or a repeated `start`, the reading that is the last lead is used."""
    pairs = [f"start={WRITERS[writer](last)}"]
    if old_start != "none" and asked != last:
        pairs.insert(0 if old_start == "before" else 1, urlencode({"start": asked}))
    link = f"/v1/leads?minDate=1&{'&'.join(pairs)}&limit=2"
    assert linked_cursor({"next": link}, ["first", last], asked if asked != last else None) == last


@given(IDS.filter(lambda cursor: not {" ", "+"} & {*cursor}), st.sampled_from(sorted(WRITERS)))
def test_cursor_that_is_not_a_lead_is_used_unchanged(cursor: str, writer: str) -> None:
    """A cursor need not be the id of a lead: if it can be read in only one way, it is used."""
    assert linked_cursor({"next": f"?start={WRITERS[writer](cursor)}"}, ["lead-1"], None) == cursor


@pytest.mark.parametrize(
    "link",
    [
        "?start=a+b",
        "?start=a&start=b",
        "?start=%FF",
        "?start=a\x01",
        "?start=a\tb",
        "?start=\ud800",
        "?page=2",
        "http://[x",
        {"href": "?"},
    ],
)
def test_ambiguous_cursor_is_not_guessed(link: object) -> None:
    """A link that can be read in several ways, or in none, gives no cursor: a wrong cursor would skip leads."""
    assert linked_cursor({"next": link}, ["lead-1"], None) is None
    assert has_link({"next": link})


@pytest.mark.parametrize("asked", ["a+b", "a b", "c"])
def test_link_of_an_empty_page_repeats_what_was_asked(asked: str) -> None:
    """A server that sends a link with every page repeats the cursor on the last page; it is read in the same way."""
    assert linked_cursor({"next": f"?start={quote(asked, safe='+')}"}, [], asked) == asked
