"""`/webhook/subscriptions` and the audit of each subscription's calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from seeker_leads_sandbox.api.leads_routes import integer_parameter
from seeker_leads_sandbox.api.problems import ProblemError, Violation
from seeker_leads_sandbox.api.validation import BadBodyError, read_json, violations
from seeker_leads_sandbox.backend import BACKEND

if TYPE_CHECKING:
    from seeker_leads_sandbox.data.subscriptions import Subscription


async def list_subscriptions(request: web.Request) -> web.Response:
    """`GET /webhook/subscriptions`."""
    return _json({"items": [subscription.as_json() for subscription in request.app[BACKEND].subscriptions.all()]})


async def create_subscription(request: web.Request) -> web.Response:
    """`POST /webhook/subscriptions`."""
    body = await _valid_body(request, "CreateSubscriptionRequest")
    backend = request.app[BACKEND]
    return _json(backend.subscriptions.create(body, backend.clock()).as_json())


async def update_subscription(request: web.Request) -> web.Response:
    """`PUT /webhook/subscriptions/{subscriptionId}`."""
    backend = request.app[BACKEND]
    subscription = _existing(request)
    body = await _valid_body(request, "UpdateSubscriptionRequest")
    return _json(backend.subscriptions.update(subscription, body, backend.clock()).as_json())


async def delete_subscription(request: web.Request) -> web.Response:
    """`DELETE /webhook/subscriptions/{subscriptionId}`."""
    subscription = _existing(request)
    request.app[BACKEND].subscriptions.delete(subscription.subscription_id)
    return _json(subscription.deleted_as_json())


async def audit_subscription(request: web.Request) -> web.Response:
    """`GET /webhook/subscriptions/{subscriptionId}/audit`."""
    limit = integer_parameter(request.query, "limit", (1, 100), 10)
    if isinstance(limit, Violation):
        raise ProblemError(400, "The request has invalid parameters", limit)
    return _json(request.app[BACKEND].subscriptions.audit_as_json(_existing(request), limit))


def _existing(request: web.Request) -> Subscription:
    subscription = request.app[BACKEND].subscriptions.get(request.match_info["subscriptionId"])
    if subscription is None:
        raise ProblemError(404, "There is no subscription with this id")
    return subscription


async def _valid_body(request: web.Request, schema_name: str) -> dict[str, Any]:
    try:
        body: dict[str, Any] = await read_json(request)
    except BadBodyError as error:
        raise ProblemError(400, "The request body is not valid", Violation("(body)", str(error))) from None
    found = violations(schema_name, body)
    if found:
        raise ProblemError(400, "The subscription is not valid", *found)
    return body


def _json(body: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), content_type="application/json")
