"""`/leads`: list leads page by page, get one lead, create a lead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import web

from seeker_leads_api import contract
from seeker_leads_sandbox.api import routes
from seeker_leads_sandbox.api.account import account_of_token
from seeker_leads_sandbox.api.problems import ProblemError, Violation
from seeker_leads_sandbox.api.validation import BadBodyError, read_json, violations
from seeker_leads_sandbox.backend import BACKEND, Backend
from seeker_leads_sandbox.data.store import LeadPage, LeadStore, Period, UnknownCursorError
from seeker_leads_sandbox.options import EmptyPeriod, Links, PageStatus

if TYPE_CHECKING:
    from multidict import MultiMapping

_INTEGER = re.compile(r"-?[0-9]{1,15}")
_LAST_SECOND = 253402300799  # of the year 9999
_SECONDS_PER_DAY = 24 * 60 * 60
_BAD_PARAMETERS = "The request has invalid parameters"


async def list_leads(request: web.Request) -> web.Response:
    """`GET /leads`."""
    backend = request.app[BACKEND]
    min_date, max_date, limit, start = _listing_parameters(request.query)
    backend.add_due_leads()
    period = Period.of(min_date, max_date, backend.options.bounds).within(_visible(backend))
    try:
        page = store_of(request).page(period, backend.options.order, min(limit, backend.options.page_cap), start)
    except UnknownCursorError:
        raise ProblemError(400, _BAD_PARAMETERS, Violation("start", "must be the id of a lead")) from None
    empty = None if page.leads else backend.options.empty
    if empty is EmptyPeriod.PROBLEM_404:
        raise ProblemError(404, "There are no leads in this period")
    if empty is EmptyPeriod.NO_CONTENT_204:
        return web.Response(status=204)
    is_partial = page.has_more and backend.options.page_status is PageStatus.PARTIAL_206
    links = _links(request, backend.options.links, page, (min_date, max_date, limit))
    head = msgspec.json.encode({"metadata": {"count": len(page.leads), "limit": limit}, "links": links})
    body = b"".join((head[:-1], *_items(page, empty), b"}"))
    return web.Response(status=206 if is_partial else 200, body=body, content_type="application/json")


async def get_lead(request: web.Request) -> web.Response:
    """`GET /leads/{leadId}`."""
    backend = request.app[BACKEND]
    backend.add_due_leads()
    found = store_of(request).find(request.match_info["leadId"])
    visible = _visible(backend)
    if found is None or not visible.first_second <= found[0] < visible.end_second:
        raise ProblemError(404, "There is no lead with this id")
    return web.Response(body=found[1], content_type="application/json")


async def create_lead(request: web.Request) -> web.Response:
    """`POST /leads`: answer at once; the new lead is listed from then on."""
    try:
        body = await read_json(request)
    except BadBodyError as error:
        raise ProblemError(400, "The request body is not valid", Violation("(body)", str(error))) from None
    found = violations("CreateLeadRequest", body)
    if found:
        request.app[BACKEND].refuse_lead(body, found)
        raise ProblemError(400, "The lead is not valid", *found)
    request_id = request.app[BACKEND].create_lead(body, account_of_token(request))
    answer = {"title": "Lead submitted", "requestId": request_id}
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json")


def store_of(request: web.Request) -> LeadStore:
    """Return the leads of the account that a request's token is for."""
    return request.app[BACKEND].store_of(account_of_token(request))


def integer_parameter(
    query: MultiMapping[str], name: str, bounds: tuple[int, int], default: int | None
) -> int | Violation:
    """Return a query parameter or its violation; if the parameter is repeated, the first one counts."""
    low, high = bounds
    text = query.get(name)
    if text is None:
        return Violation(name, "is required") if default is None else default
    # int() would also accept spaces, underscores and digits of other scripts.
    if not _INTEGER.fullmatch(text):
        return Violation(name, "must be an integer")
    value = int(text)
    return value if low <= value <= high else Violation(name, f"must be between {low} and {high}")


def _listing_parameters(query: MultiMapping[str]) -> tuple[int, int, int, str | None]:
    min_date = integer_parameter(query, "minDate", (0, _LAST_SECOND), None)
    max_date = integer_parameter(query, "maxDate", (0, _LAST_SECOND), None)
    limit = integer_parameter(query, "limit", (1, contract.MAX_PAGE_SIZE), contract.MAX_PAGE_SIZE)
    start = query.get("start")
    wrong = [value for value in (min_date, max_date, limit) if isinstance(value, Violation)]
    if start == "":
        wrong.append(Violation("start", "must not be empty"))
    if isinstance(min_date, int) and isinstance(max_date, int):
        if max_date < min_date:
            wrong.append(Violation("maxDate", "must not be before minDate"))
        elif max_date - min_date > contract.MAX_PERIOD_SECONDS:
            wrong.append(Violation("maxDate", "must be at most 7 days after minDate"))
    if wrong or isinstance(min_date, Violation) or isinstance(max_date, Violation) or isinstance(limit, Violation):
        raise ProblemError(400, _BAD_PARAMETERS, *wrong)
    return min_date, max_date, limit, start


def _items(page: LeadPage, empty: EmptyPeriod | None) -> tuple[bytes, ...]:
    if empty is EmptyPeriod.NULL_200:
        return (b',"items":null',)
    return b',"items":[', b",".join(page.leads), b"]"


def _visible(backend: Backend) -> Period:
    """Return the range of ingestion dates that the API shows now; without options, all of them."""
    options = backend.options
    first_second = backend.now() - options.retention_days * _SECONDS_PER_DAY if options.retention_days else 0
    delay_seconds = options.visible_after_seconds
    return Period(first_second, backend.now() - delay_seconds + 1 if delay_seconds else _LAST_SECOND + 1)


def _links(request: web.Request, form: Links, page: LeadPage, parameters: tuple[int, int, int]) -> dict[str, str]:
    cursor = page.last_lead_id or request.query.get("start")
    if form is Links.NONE or cursor is None or not (page.has_more or form is Links.ALWAYS):
        return {}
    min_date, max_date, limit = parameters
    parameters_and_cursor = {"minDate": min_date, "maxDate": max_date, "limit": limit, "start": cursor}
    query = urlencode(parameters_and_cursor, quote_via=quote, safe="+" if form is Links.UNESCAPED else "")
    path = f"{routes.API_BASE}{routes.LEADS}?{query}"
    return {"next": path if form is Links.RELATIVE else f"http://{request.host}{path}"}
