"""One answer of `GET /leads`, decoded once, in any of the API's dialects."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from seeker_leads_api.errors import RetryableError
from seeker_leads_api.http.outcomes import Answer
from tap_seeker_leads.leads.lead_types import items_type, page_decoder
from tap_seeker_leads.leads.lenient_json import is_storable, may_hold_controls, read_json, storable
from tap_seeker_leads.leads.links import has_link, linked_cursor
from tap_seeker_leads.leads.records import lead_by_the_contract, lead_id_of, lead_with_unknown_fields, to_lead

if TYPE_CHECKING:
    import requests

    from tap_seeker_leads.leads.records import Lead

_ATTRIBUTE = "seeker_leads_page"


@dataclass(frozen=True, slots=True)
class Page:
    """The leads of one answer, and the cursor of the next page."""

    leads: list[Lead]
    size: int  #: how many items it held; items without a `leadId` that can be a key are not leads
    next_cursor: str | None  #: None after the last page
    has_list: bool  #: without a list of leads, the answer says in some form that the period is empty
    announced: bool = False  #: the status said that there is a next page; a link alone may lead to nothing
    is_linked: bool = False  #: the answer has a link
    altered_ids: int = 0  #: items whose `leadId` warehouses cannot store unchanged
    counted: tuple[str, int] | None = None  #: how many leads `metadata` counts, and under which name


@dataclass(frozen=True, slots=True)
class _Contents:
    """The contents of a body."""

    leads: list[Lead] | None  #: None if the page is empty because it has no list
    size: int = 0
    links: object = None
    metadata: object = None
    altered_ids: int = 0


#: What msgspec raises for a body that it cannot read; for broken UTF-8, it depends on its version.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
#: Statuses that mean an empty period; a 404 that `classify` accepts is the API's own.
_EMPTY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND})
#: The fields of `metadata` that count the leads of a page or of its period; it is not known which of the two.
_COUNTS = ("count", "total", "totalCount")


def page_of(response: requests.Response) -> Page:
    """Return the page of an accepted answer; an empty page if the answer says that the period is empty.

    The SDK passes the response from hook to hook, so the page is stored on it, and the body is decoded once.

    Raises:
        RetryableError: the body is cut off, or is not a page.
    """
    page: Page | None = getattr(response, _ATTRIBUTE, None)
    if page is None:
        page = _decode(response)
        setattr(response, _ATTRIBUTE, page)
    return page


def _decode(response: requests.Response) -> Page:
    answer = Answer.of(response)
    if answer.status in _EMPTY:
        return Page([], 0, None, has_list=False)
    contents = _contents(answer)
    return Page(
        contents.leads or [],
        contents.size,
        _next_cursor(answer, response, contents),
        announced=answer.status == HTTPStatus.PARTIAL_CONTENT,
        is_linked=has_link(contents.links),
        has_list=contents.leads is not None,
        altered_ids=contents.altered_ids,
        counted=_counted(contents.metadata),
    )


def _next_cursor(answer: Answer, response: requests.Response, contents: _Contents) -> str | None:
    leads, size = contents.leads or [], contents.size
    is_linked = has_link(contents.links)
    if is_linked:
        linked = linked_cursor(contents.links, [lead.lead_id for lead in leads], _asked(response, "start"))
        if linked is not None:
            return linked
    # Without a link, 206 says that there is more. A full page with 200 may be the last one, or the server may give
    # no sign at all: one more request is safe. The same holds for a link without a cursor.
    is_partial = answer.status == HTTPStatus.PARTIAL_CONTENT
    is_full = size >= int(_asked(response, "limit") or 0)
    if not (is_partial or (size and (is_full or is_linked))):
        return None
    if not leads:
        msg = f"{answer.request}: there is another page, but neither a link nor a `leadId` to ask for it"
        raise RetryableError(msg)
    return leads[-1].lead_id


def _contents(answer: Answer) -> _Contents:
    if not may_hold_controls(answer.body):
        try:
            page = page_decoder().decode(answer.body)
        except _UNREADABLE:
            pass  # something in it is new, malformed or not JSON, which slower code handles
        else:
            leads = [lead_by_the_contract(item) for item in page.items]
            return _Contents(leads, len(page.items), page.links, page.metadata)
    body, altered_ids = _body(answer)
    if isinstance(body, dict) and isinstance(items := body.get("items"), list):
        return _Contents(_leads(items), len(items), body.get("links"), body.get("metadata"), altered_ids)
    if isinstance(body, dict) and _says_empty(answer, body):
        return _Contents(None, links=body.get("links"))
    msg = f"{answer.request}: the answer is JSON, but not a page of leads: it has no list `items`"
    raise RetryableError(msg)


def _body(answer: Answer) -> tuple[Any, int]:
    """Return the JSON of a body with items that can be stored, and how many items have a `leadId` that cannot.

    Such an id is not changed, since the lead might then replace another one: the item becomes null.
    """
    if not may_hold_controls(answer.body):
        try:
            return msgspec.json.decode(answer.body), 0
        except _UNREADABLE:
            pass
    try:
        # One bad character in one message, or a number too large, must not make the whole page unreadable forever.
        body = read_json(answer.body)
        if not isinstance(body, dict) or not isinstance(body.get("items"), list):
            return body, 0
        keeps_its_id = [is_storable(lead_id_of(item) or "") for item in body["items"]]
        items = [storable(item) if keeps else None for item, keeps in zip(body["items"], keeps_its_id, strict=True)]
    except (ValueError, RecursionError):
        msg = f"{answer.request}: the answer is not JSON, or was cut ({len(answer.body)} bytes)"
        raise RetryableError(msg) from None
    return body | {"items": items}, keeps_its_id.count(False)


def _says_empty(answer: Answer, body: dict[str, Any]) -> bool:
    """Return whether a body is how some servers write an empty list: `items` is present and null.

    A body without `items` does not count, or a gateway's `{}` would pass silently for a page without leads.
    """
    if answer.status != HTTPStatus.OK or body.get("items", ...) is not None:
        return False
    counted = _counted(body.get("metadata"))
    return counted is None or counted[1] == 0


def _counted(metadata: object) -> tuple[str, int] | None:
    """Return the largest of the counts in a page's `metadata`, with its name."""
    if not isinstance(metadata, dict):
        return None
    counts = [(name, metadata[name]) for name in _COUNTS if type(metadata.get(name)) is int]
    return max(counts, key=lambda count: count[1], default=None)


def _leads(items: list[Any]) -> list[Lead]:
    try:
        checked = msgspec.convert(items, items_type())
    except msgspec.ValidationError:
        return [lead for item in items if (lead := to_lead(item)) is not None]
    # The items differ from the contract only by new fields, which an API that grows has in every item.
    return [lead_with_unknown_fields(known, item) for known, item in zip(checked, items, strict=True)]


def _asked(response: requests.Response, name: str) -> str | None:
    return parse_qs(urlsplit(response.request.path_url).query).get(name, [None])[0]
