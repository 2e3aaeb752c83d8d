"""JSON that is complete but malformed in its text, and text that warehouses cannot store."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from tap_seeker_leads.leads.lenient_json import is_storable, storable
from tap_seeker_leads.leads.page import page_of

KEPT = "\t\n\r"
REPLACED = "\N{REPLACEMENT CHARACTER}"
ANY_TEXT = st.text(st.characters(), max_size=6) | st.text(st.sampled_from("\x00\x01\b\f\x1b\x7f\x85\ud83d\n\té\\u0"))
ANY_JSON = st.recursive(
    ANY_TEXT | st.floats() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)


def response(body: bytes) -> requests.Response:
    result = requests.Response()
    result.status_code = 200
    result._content = body
    result.request = requests.Request("GET", "https://api/v1/leads", params={"limit": 100}).prepare()
    return result


def body_of(item: Any, *, is_ascii: bool = True) -> bytes:
    return json.dumps({"items": [item]}, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")


def texts(value: Any) -> list[str]:
    """Return every text in a value, including names."""
    if isinstance(value, dict):
        return [text for name, inner in value.items() for text in (name, *texts(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    return [value] if isinstance(value, str) else []


@given(st.characters() | st.sampled_from("\t\n\r\x00\x1f\x7f\x80\x9f\xa0\ud800\udfff"))
def test_control_characters_and_unpaired_surrogates_are_replaced(character: str) -> None:
    """Control characters and unpaired surrogates are replaced; tab, newline and carriage return are not."""
    is_odd = unicodedata.category(character) in {"Cc", "Cs"} and character not in KEPT
    assert storable(f"a{character}b") == f"a{REPLACED if is_odd else character}b"


@given(ANY_JSON, ANY_TEXT, st.booleans())
@example({"a\x00": 1, "a\x01": 2}, "\x00", True)  # noqa: FBT003  # hypothesis takes positions
def test_whatever_a_lead_says_can_be_stored(value: Any, name: str, is_ascii: bool) -> None:  # noqa: FBT001  # hypothesis'
    """With any text in any place, escaped or raw, in values or names, the record holds no character to replace.

    Nothing else changes: text without such a character stays as it is, and no name replaces another.
    """
    item = {"metadata": {"leadId": "a"}, "contactRequest": {"message": name, name: value}, f"x{name}": value}
    (lead,) = page_of(response(body_of(item, is_ascii=is_ascii))).leads
    record = msgspec.to_builtins(lead.record)
    assert [text for text in texts(record) if not is_storable(text)] == []
    msgspec.json.encode(record)
    if all(map(is_storable, texts(item))):
        assert [text for text in texts(item) if text not in {"metadata", *texts(record)}] == []
    if isinstance(value, dict):
        assert len(record["extra"][storable(f"x{name}")]) == len(value)


@given(st.binary(max_size=8).filter(lambda odd: not set(odd) & set(b'"\\')), st.sampled_from(["value", "name"]))
def test_any_bytes_in_a_text_lose_no_lead(odd: bytes, where: str) -> None:
    """Bytes that are not UTF-8, and raw control characters, lose neither their lead nor the others of the page."""
    text = b'"message": "a' + odd + b'b"' if where == "value" else b'"a' + odd + b'b": "c"'
    one = b'{"metadata": {"leadId": "1"}, "contactRequest": {' + text + b"}}"
    leads = page_of(response(b'{"items": [' + one + b', {"metadata": {"leadId": "2"}}]}')).leads
    assert [lead.lead_id for lead in leads] == ["1", "2"]
    contact = msgspec.to_builtins(leads[0].record)["contactRequest"]
    (text_read,) = contact.values() if where == "value" else contact
    assert is_storable(text_read)
    assert (text_read[0], text_read[-1]) == ("a", "b")


@pytest.mark.parametrize("odd", [b"\\u0000", b"\x00", b"\xff", b"\\ud83d", b"\\b", b"\x7f", b"\xc2\x85"])
def test_id_that_cannot_be_stored_is_counted_and_never_changed(odd: bytes) -> None:
    """A `leadId` with such a character is not changed, since it might become another lead's; its item is counted."""
    bad = b'{"metadata": {"leadId": "a' + odd + b'"}}'
    good = b'{"metadata": {"leadId": "a\xef\xbf\xbd"}}, {"metadata": {"leadId": "b"}}'
    page = page_of(response(b'{"items": [' + bad + b", " + good + b"]}"))
    assert [lead.lead_id for lead in page.leads] == ["a\N{REPLACEMENT CHARACTER}", "b"]
    assert (page.size, page.altered_ids) == (3, 1)


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("body", ['{"items": null}', '{"items": [], "links": {}}'])
def test_byte_order_mark_changes_nothing(body: str, bom: bytes) -> None:
    """A byte order mark before the JSON, as some Windows servers write it, is not an error, even on an empty page."""
    assert page_of(response(bom + body.encode())).leads == []


def test_number_of_any_length_costs_no_lead() -> None:
    """A number that Python cannot convert becomes null."""
    body = b'{"items": [{"metadata": {"leadId": "a"}, "property": {"n": ' + b"1" * 5000 + b"}}]}"
    (lead,) = page_of(response(body)).leads
    assert lead.record["property"] == {"n": None}
