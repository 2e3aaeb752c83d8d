from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from seeker_leads_api.errors import RetryableError
from tap_seeker_leads.leads.page import page_of

#: Deeper than any parser goes.
NESTED = b"[" * 100_000 + b"]" * 100_000
PROBLEM = {"type": "about:blank", "title": "Not found", "status": 404}


def response(body: object, status: int = 200, *, limit: int = 2, start: str | None = None) -> requests.Response:
    result = requests.Response()
    result.status_code = status
    result._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    params: dict[str, Any] = {"minDate": 1, "maxDate": 2, "limit": limit, "start": start}
    result.request = requests.Request("GET", "https://api/v1/leads", params=params).prepare()
    return result


def page(items: int, links: object = None, **metadata: Any) -> dict[str, Any]:
    leads = [{"metadata": {"leadId": f"lead-{number}", **metadata}} for number in range(items)]
    return {"metadata": {}, "links": {} if links is None else links, "items": leads}


@pytest.mark.parametrize(
    "link",
    [
        "https://api/v1/leads?minDate=1&maxDate=2&start=next%2Flead",
        "/v1/leads?start=next%2Flead&limit=2",
        "?start=next%2Flead",
        "https://elsewhere.example/leads?start=next%2Flead",
    ],
)
@pytest.mark.parametrize("status", [200, 206])
def test_link_is_followed_in_every_form(link: str, status: int) -> None:
    """`links.next` may be absolute or a path: only its `start` is used, so the token goes to no other host."""
    answer = page_of(response(page(1, {"next": link}), status))
    assert (answer.next_cursor, answer.announced) == ("next/lead", status == 206)


@pytest.mark.parametrize("links", [None, {}, {"next": None}, {"next": ""}, {"next": {}}, {"next": "http://[bad"}, "x"])
def test_206_without_a_link_continues_after_the_last_lead(links: object) -> None:
    """206 announces a next page; without a link, that page starts after the last lead."""
    answer = page_of(response(page(1, links), 206))
    assert (answer.next_cursor, answer.announced) == ("lead-0", True)


@pytest.mark.parametrize(
    "link", ["?start=a+b", "?start=x&start=y", "?page=2", "?start=a\tb", "http://[bad", {"href": "?"}]
)
def test_link_without_a_certain_cursor_continues_after_the_last_lead(link: object) -> None:
    """A link says that there is more, even if its cursor is ambiguous: the page is never taken for the last."""
    answer = page_of(response(page(1, {"next": link}), 200))
    assert (answer.next_cursor, answer.announced, answer.is_linked) == ("lead-0", False, True)


@pytest.mark.parametrize(
    ("metadata", "counted"),
    [
        ({"count": 3}, ("count", 3)),
        ({"count": 2, "total": 5}, ("total", 5)),
        ({"count": 5, "total": 2}, ("count", 5)),
        ({"totalCount": 1}, ("totalCount", 1)),
        ({"limit": 100, "accountLeads": 9, "count": True}, None),
        (None, None),
    ],
)
def test_count_of_a_page_is_read_by_its_known_names(metadata: object, counted: object) -> None:
    """Only counts in `metadata` under known names are read; other numbers may mean anything."""
    assert page_of(response({**page(1), "metadata": metadata})).counted == counted


def test_full_page_without_any_sign_asks_once_more() -> None:
    """A full page with 200 may or may not be the last: the next page is requested, but was not announced."""
    answer = page_of(response(page(2), 200))
    assert (answer.next_cursor, answer.announced) == ("lead-1", False)


def test_page_that_is_fuller_than_asked_for_may_not_be_the_last() -> None:
    """A server may have a limit of its own: a page with more leads than the limit is as good as full."""
    assert page_of(response(page(3), limit=2)).next_cursor == "lead-2"


def test_link_that_repeats_what_was_asked_for_leads_on() -> None:
    """A link may hold the request's own `start` besides the next one: that is not the cursor."""
    answer = page_of(response(page(1, {"next": "?start=before&start=next"}), start="before"))
    assert answer.next_cursor == "next"


@pytest.mark.parametrize("status", [200, 201, 203, 207, 226])
def test_only_206_announces_a_page(status: int) -> None:
    """No other success says that there is more."""
    answer = page_of(response(page(1), status))
    assert (answer.next_cursor, answer.announced) == (None, False)


@pytest.mark.parametrize("item", [{}, {"new": 1}], ids=["by the contract", "with a new field"])
def test_whole_answer_is_read_whatever_is_new(item: dict[str, Any]) -> None:
    """Links, counts and leads are read alike from a page of the contract and from one with new fields in its leads."""
    body = page(1, {"next": "?start=next"}) | {"metadata": {"total": 7}}
    body["items"][0].update(item)
    answer = page_of(response(body))
    assert (answer.next_cursor, answer.is_linked, answer.counted) == ("next", True, ("total", 7))
    assert ([lead.lead_id for lead in answer.leads], answer.size, answer.altered_ids) == (["lead-0"], 1, 0)


def test_link_beside_an_omitted_list_is_followed() -> None:
    """An empty page may link to another, even if its list is null."""
    answer = page_of(response({"items": None, "links": {"next": "?start=next"}}))
    assert (answer.next_cursor, answer.is_linked, answer.has_list) == ("next", True, False)


@pytest.mark.parametrize("items", [0, 1])
def test_page_below_the_limit_is_the_last(items: int) -> None:
    """200 with fewer leads than the limit ends the window."""
    answer = page_of(response(page(items), 200))
    assert (answer.size, answer.next_cursor) == (items, None)


def test_404_of_the_api_is_an_empty_page() -> None:
    """A 404 with a problem body says that the period is empty."""
    answer = page_of(response(PROBLEM, 404))
    assert (answer.leads, answer.size, answer.next_cursor, answer.has_list) == ([], 0, None, False)
    assert (answer.announced, answer.is_linked, answer.altered_ids, answer.counted) == (False, False, 0, None)


#: How servers answer for an empty list: status and body.
EMPTY = [
    (204, b""),
    (200, b'{"items": null}'),
    (200, b'{"metadata": {"count": 0}, "links": {}, "items": null, "total": 0}'),
]


@pytest.mark.parametrize(("status", "body"), EMPTY)
def test_omitted_empty_list_is_an_empty_page(status: int, body: bytes) -> None:
    """No content, or `items: null`, means that the period is empty."""
    answer = page_of(response(body, status))
    assert (answer.leads, answer.size, answer.next_cursor, answer.has_list) == ([], 0, None, False)
    assert answer.altered_ids == 0


@pytest.mark.parametrize("status", [202, 206])
@pytest.mark.parametrize("body", [body for status, body in EMPTY if status == 200])
def test_page_that_is_not_the_last_has_a_list(status: int, body: bytes) -> None:
    """A page without a list is not empty if its status says that there is more."""
    with pytest.raises(RetryableError):
        page_of(response(body, status))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'{"items": [{"metadata"',
        b"<html>",
        b"[]",
        b"null",
        b'"items"',
        b"{}",
        b'{"links": {}}',
        b'{"metadata": {"count": 0}, "links": {}}',
        b'{"metadata": {"count": 3}, "links": {}, "items": null}',
        b'{"metadata": {"count": -1}, "links": {}, "items": null}',
        b'{"data": []}',
        b'{"links": {}, "data": [{"metadata": {"leadId": "a"}}]}',
        b'{"Items": []}',
        b'{"items": {}}',
        b'{"items": ""}',
        b'{"items": 0}',
        b'{"items": NaN}',
        b'{"items": 1e999}',
        b'{"items": [{"metadata": {"leadId": "a"}, "message": "\xff',
        b'{"items": [{"metadata": {"leadId": "a"}, "message": "\x00"}',
        b'{"items": [\x00]}',
        pytest.param(b'{"items": [], "new": ' + NESTED + b"}", id="nested"),
        pytest.param(b'{"items": [], "odd": "\\u0000", "new": ' + NESTED + b"}", id="nested, with a control character"),
    ],
)
def test_body_that_is_not_a_page_is_retried(body: bytes) -> None:
    """A truncated, unparsable or shapeless body, or one with leads under another name, never is an empty page."""
    with pytest.raises(RetryableError):
        page_of(response(body))


@pytest.mark.parametrize("odd", [b"\\u0000", b"\x7f", b"\xc2\x85", b"\x00", b"\xff", b"\\udc80"])
@pytest.mark.parametrize("new", [b"", b', "new": 1'], ids=["by the contract", "with a new field"])
def test_odd_character_costs_no_lead(odd: bytes, new: bytes) -> None:
    """A character that cannot be stored is replaced in its place, wherever the page differs from the contract."""
    item = b'{"metadata": {"leadId": "a"}, "contactRequest": {"message": "a' + odd + b'b"}' + new + b"}"
    (lead,) = page_of(response(b'{"items": [' + item + b"]}")).leads
    assert lead.record["contactRequest"]["message"] == "a\N{REPLACEMENT CHARACTER}b"


def test_unpaired_surrogate_loses_no_page() -> None:
    """An unpaired surrogate, which UTF-8 cannot encode, is replaced in its place; the rest of the page arrives."""
    message = b'{"message": "Oh \\ud83d, \\ud83d\\ude00"}'
    body = b'{"items": [{"metadata": {"leadId": "a", "n": 1e999}, "contactRequest": ' + message + b"}]}"
    (lead,) = page_of(response(body)).leads
    assert lead.record["contactRequest"]["message"] == "Oh \N{REPLACEMENT CHARACTER}, \N{GRINNING FACE}"
    assert lead.record["extra"] == {"metadata": {"n": None}}


def test_empty_page_that_announces_more_is_not_the_end() -> None:
    """206 without leads says that there is more but gives no cursor, so it is never the end of a window."""
    with pytest.raises(RetryableError, match="another page"):
        page_of(response({"items": []}, 206))


def test_next_page_without_a_cursor_is_an_error() -> None:
    """A page that announces another, but gives no cursor for it, never counts as the last."""
    with pytest.raises(RetryableError, match="another page"):
        page_of(response({"items": [{"metadata": {}}]}, 206))


def test_cursor_skips_items_without_an_id() -> None:
    """A malformed last item does not end the window: the lead before it is the cursor."""
    body = page(2)
    body["items"].append({"metadata": None})
    assert page_of(response(body, 206)).next_cursor == "lead-1"


def test_body_is_decoded_once() -> None:
    """Validation, records and paginator share one decoded page."""
    answer = response(page(1))
    assert page_of(answer) is page_of(answer)
