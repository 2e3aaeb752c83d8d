"""One answer of `GET /leads`, decoded once, in whichever dialect the API speaks."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from seeker_leads_api.errors import RetryableError
from seeker_leads_api.http.outcomes import Answer
from tap_seeker_leads.leads.lead_types import items_type, page_decoder
from tap_seeker_leads.leads.records import lead_by_the_contract, lead_with_more, to_lead

if TYPE_CHECKING:
    import requests

    from tap_seeker_leads.leads.records import Lead

_ATTRIBUTE = "seeker_leads_page"


@dataclass(frozen=True, slots=True)
class Page:
    """The leads of one answer, and where to go on."""

    leads: list[Lead]
    size: int  #: how many items it held; those without a `leadId` are no leads
    next_cursor: str | None  #: None after the last page
    announced: bool = False  #: the API's status said that there is a next page; a link alone may lead to nothing
    has_list: bool = True  #: without a list of leads the API says, in one way or another, that the period is empty


#: Statuses that say it by themselves; of the 404s, those that `classify` accepts are the API's own.
_EMPTY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND})


def page_of(response: requests.Response) -> Page:
    """Return the page of an accepted answer; an empty one where it says that the period is empty.

    The SDK hands the response from hook to hook, so the page travels on it, and the body is decoded once.

    Raises:
        RetryableError: the body is cut, or is not a page.
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
    leads, size, links = _contents(answer)
    is_partial = answer.status == HTTPStatus.PARTIAL_CONTENT
    if leads is None:
        return Page([], 0, _linked_cursor(links), has_list=False)
    if (linked := _linked_cursor(links)) is not None:
        return Page(leads, size, linked, announced=is_partial)
    # Without a link, 206 says that there is more [F]. A full page with 200 may be the last one, or come from a server
    # that tells neither way [?]: asking once more is safe.
    if not is_partial and (not size or size < _page_size(response)):
        return Page(leads, size, None)
    if not leads:
        msg = f"{answer.request}: there is another page, but neither a link nor a `leadId` to ask for it"
        raise RetryableError(msg)
    return Page(leads, size, leads[-1].lead_id, announced=is_partial)


def _contents(answer: Answer) -> tuple[list[Lead] | None, int, object]:
    """Return the leads (None where the page is empty by having no list of them), the number of items and the links."""
    try:
        page = page_decoder().decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # something in it is new, or odd, or no JSON: the ways for those cost more
    else:
        return [lead_by_the_contract(item) for item in page.items], len(page.items), page.links
    body = _json(answer)
    if isinstance(body, dict) and isinstance(items := body.get("items"), list):
        return _leads(items), len(items), body.get("links")
    if _says_empty(answer):
        return None, 0, body.get("links")
    msg = f"{answer.request}: the answer is JSON, but not a page of leads: it has no list `items`"
    raise RetryableError(msg)


def _says_empty(answer: Answer) -> bool:
    """Tell whether a body is how some servers write an empty list: `items` is null, in so many words.

    A body without `items` is no such word: a gateway's `{}` would silently pass for a page without leads.
    """
    if answer.status != HTTPStatus.OK:
        return False
    try:
        body = msgspec.json.decode(answer.body)  # not mended: NaN is no null
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if not isinstance(body, dict) or body.get("items", ...) is not None:
        return False
    metadata = body.get("metadata")
    return not (isinstance(metadata, dict) and metadata.get("count"))


def _leads(items: list[Any]) -> list[Lead]:
    try:
        checked = msgspec.convert(items, items_type())
    except msgspec.ValidationError:
        return [lead for item in items if (lead := to_lead(item)) is not None]
    # New fields only, as an API that grows has them in every item.
    return [lead_with_more(known, item) for known, item in zip(checked, items, strict=True)]


def _json(answer: Answer) -> Any:  # noqa: ANN401  # any JSON
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        # Half an emoji in one message, or a number too large, must not make the whole page unreadable for ever.
        return _mended(json.loads(answer.body, parse_constant=lambda _: None))
    except (ValueError, RecursionError):
        msg = f"{answer.request}: the answer is not JSON, or was cut ({len(answer.body)} bytes)"
        raise RetryableError(msg) from None


def _mended(value: Any) -> Any:  # noqa: ANN401  # any JSON
    """Replace what JSON in UTF-8 cannot hold: lone surrogates by U+FFFD, infinite numbers by null."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [_mended(element) for element in value]
    if isinstance(value, dict):
        return {_mended(name): _mended(element) for name, element in value.items()}
    return value


def _page_size(response: requests.Response) -> int:
    return int(parse_qs(urlsplit(response.request.path_url).query)["limit"][0])


def _linked_cursor(links: object) -> str | None:
    """Return the `start` of `links.next`, and nothing else of it: the token goes to `api_url` alone."""
    link = links.get("next") if isinstance(links, dict) else None
    if not isinstance(link, str):
        return None
    try:
        return parse_qs(urlsplit(link).query).get("start", [None])[0]
    except ValueError:
        return None
