"""`/_sandbox/`: the sandbox's own endpoints. They need no token, have no limit and are not counted."""

from __future__ import annotations

from typing import Any

import msgspec
from aiohttp import web

from seeker_leads_sandbox.api.problems import ProblemError, Violation
from seeker_leads_sandbox.api.validation import BadBodyError, read_json, violations
from seeker_leads_sandbox.backend import BACKEND
from seeker_leads_sandbox.faults.faults import faults_from_json

_NOT_UNDERSTOOD = "The sandbox does not understand this"


async def health(request: web.Request) -> web.Response:
    """Report that the sandbox is up, and how many leads it has."""
    return _json({"status": "ok", "leads": request.app[BACKEND].leads})


async def stats(request: web.Request) -> web.Response:
    """Return statistics about the clients' requests."""
    return _json(request.app[BACKEND].statistics.report())


async def reset_stats(request: web.Request) -> web.Response:
    """Reset the statistics."""
    request.app[BACKEND].statistics.reset()
    return web.Response(status=204)


async def created(request: web.Request) -> web.Response:
    """Return the requests that created leads, in order."""
    return _json({"items": request.app[BACKEND].created})


async def add_leads(request: web.Request) -> web.Response:
    """Add leads: `{"count": n}` new ones, dated now, or the ones given in `{"leads": [...]}`.

    With `"account": "agency-1"`, they belong to that agency.
    """
    body = await _body(request)
    count, leads = (body.get("count", 0), body.get("leads", [])) if isinstance(body, dict) else (None, None)
    account = body.get("account") if isinstance(body, dict) else None
    if account is not None and not isinstance(account, str):
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("account", "must be the `intermediary_id` of an agency"))
    if not isinstance(count, int) or not isinstance(leads, list) or not all(isinstance(lead, dict) for lead in leads):
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("(body)", 'must be {"count": n} or {"leads": [...]}'))
    try:
        return _json({"leadIds": request.app[BACKEND].add_leads(count, leads=leads, account=account)})
    except ValueError as error:
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("leads", str(error))) from None


class _Erasure(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    lead_ids: list[str] = []
    count: int = 0
    call_details: bool = True
    account: str | None = None


async def erase(request: web.Request) -> web.Response:
    """Erase people: `{"leadIds": [...]}` or `{"count": n}` random ones; `"callDetails": false` keeps a call's phone."""
    body = await _body(request)
    try:
        order = msgspec.convert(body, _Erasure)
        erased = request.app[BACKEND].erase(
            order.count, lead_ids=order.lead_ids, call_details=order.call_details, account=order.account
        )
    except (ValueError, msgspec.ValidationError) as error:
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("(body)", str(error))) from None
    return _json({"leadIds": erased})


async def script(request: web.Request) -> web.Response:
    """Replace the scripted faults with a JSON list; an empty list removes all faults."""
    try:
        faults = faults_from_json(await _body(request))
    except ValueError as error:
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("(body)", str(error))) from None
    request.app[BACKEND].script(faults)
    return _json({"faults": len(faults)})


async def revoke_tokens(request: web.Request) -> web.Response:
    """Revoke every token issued so far and the static one."""
    request.app[BACKEND].tokens.revoke_all()
    return web.Response(status=204)


async def restore_token(request: web.Request) -> web.Response:
    """Make the static token valid again."""
    request.app[BACKEND].tokens.restore_static()
    return web.Response(status=204)


async def switch_subscription(request: web.Request) -> web.Response:
    """Set a subscription's status: `{"status": "ACTIVE"}` or `"INACTIVE"`, as its owner can with a token."""
    backend = request.app[BACKEND]
    subscription = backend.subscriptions.get(request.match_info["subscriptionId"])
    if subscription is None:
        raise ProblemError(404, "There is no subscription with this id")
    body = await _body(request)
    if not isinstance(body, dict) or body.keys() != {"status"} or violations("UpdateSubscriptionRequest", body):
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("(body)", 'must be {"status": "ACTIVE" or "INACTIVE"}'))
    return _json(backend.subscriptions.update(subscription, body, backend.clock()).as_json())


async def _body(request: web.Request) -> Any:  # noqa: ANN401  # any JSON
    try:
        return await read_json(request)
    except BadBodyError as error:
        raise ProblemError(400, _NOT_UNDERSTOOD, Violation("(body)", str(error))) from None


def _json(body: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")
