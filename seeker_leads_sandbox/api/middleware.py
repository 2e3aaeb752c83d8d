"""What every request passes through, in this order: counting, limit, latency, faults, firewall, token."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from seeker_leads_sandbox.api import routes
from seeker_leads_sandbox.api.account import account_asked_for, account_of_token
from seeker_leads_sandbox.api.problems import (
    TOO_MANY_REQUESTS,
    ProblemError,
    html_response,
    problem_response,
    retry_after_headers,
)
from seeker_leads_sandbox.api.same_site import refuse_other_sites
from seeker_leads_sandbox.api.token_issuer import TokenState
from seeker_leads_sandbox.backend import BACKEND, Backend
from seeker_leads_sandbox.data.request_log import NO_ANSWER
from seeker_leads_sandbox.faults.fault_injection import inject, is_cut_off

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from seeker_leads_sandbox.api.limiter import Limiter


@web.middleware
async def api_middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request as the API would, or inject the fault that the script chooses."""
    if routes.is_admin(request.path):
        handler = partial(refuse_other_sites, handler=handler)
        return await _with_problem_bodies(request, handler)
    backend = request.app[BACKEND]
    route = routes.route_of(request)
    account = account_of_token(request)
    limiter = backend.limiter(request.method, account) if routes.is_limited(request.method, route) else None
    is_limited = limiter is not None
    record = backend.statistics.start(
        request.method, route, is_limited=is_limited, now=backend.monotonic(), account=account
    )
    status = NO_ANSWER
    try:
        work = partial(_faulty if limiter is None else partial(_limited, limiter=limiter), handler=handler)
        response = await _with_problem_bodies(request, work)
        status = NO_ANSWER if is_cut_off(request) else response.status
    finally:
        backend.statistics.finish(record, status, backend.monotonic())
    return response


async def _limited(request: web.Request, handler: Handler, limiter: Limiter) -> web.StreamResponse:
    backend = request.app[BACKEND]
    if not backend.options.enforce_limit:
        return await _faulty(request, handler)
    # Checked before any latency: the limit is about when a request starts.
    if not limiter.try_start(backend.monotonic()):
        await _latency(backend)
        limit = f"{backend.options.rate_limit_requests} requests every {backend.options.rate_limit_period_ms} ms"
        headers = retry_after_headers(backend.options.retry_after, backend.clock())
        raise ProblemError(TOO_MANY_REQUESTS, f"The rate limit of {limit} was exceeded", headers=headers)
    try:
        return await _faulty(request, handler)
    finally:
        limiter.finish()


async def _faulty(request: web.Request, handler: Handler) -> web.StreamResponse:
    backend = request.app[BACKEND]
    path = request.path.removeprefix(routes.API_BASE)
    account = await account_asked_for(request)
    fault = backend.next_fault(request.method, path, is_api=routes.is_api(request.path), account=account)
    await _latency(backend)
    work = partial(_with_problem_bodies, request, partial(_admitted, handler=handler))
    return await work() if fault is None else await inject(request, fault, work)


async def _admitted(request: web.Request, handler: Handler) -> web.StreamResponse:
    backend = request.app[BACKEND]
    if not request.headers.get("User-Agent", "").strip():
        text = "Access denied: the request has no User-Agent."
        return html_response(403, text, traceparent=backend.traceparent())
    # An unknown URL is answered without checking the token.
    if routes.is_api(request.path) and request.match_info.http_exception is None:
        _check_token(request, backend)
    return await handler(request)


def _check_token(request: web.Request, backend: Backend) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    state = backend.tokens.state(token.strip(), backend.clock()) if scheme.lower() == "bearer" else TokenState.DEAD
    if state is TokenState.DEAD:
        raise ProblemError(401, "The access token is missing, expired or revoked")
    if state is TokenState.LACKS_SCOPE:
        scope = backend.tokens.missing_scope(token.strip())
        raise ProblemError(403, f"The access token lacks the scope '{scope}'")


async def _with_problem_bodies(request: web.Request, handler: Handler) -> web.StreamResponse:
    traceparent = request.app[BACKEND].traceparent
    try:
        return await handler(request)
    except web.HTTPNotFound:
        # No problem body: a wrong URL must not look like an empty period.
        return html_response(404, "There is nothing here.", traceparent=traceparent())
    except ProblemError as error:
        problem = error.problem
    except web.HTTPMethodNotAllowed as error:
        headers = {"Allow": error.headers["Allow"]}
        problem = ProblemError(405, "The resource has no such method", headers=headers).problem
    except web.HTTPRequestEntityTooLarge:
        problem = ProblemError(400, "The body is too large").problem
    except (web.RequestPayloadError, ConnectionError):
        # The client disappeared while it sent its body, or the body is not valid HTTP: mostly nobody reads this answer.
        problem = ProblemError(400, "The body did not arrive as a whole").problem
    return problem_response(problem, instance=request.path, traceparent=traceparent())


async def _latency(backend: Backend) -> None:
    if backend.options.latency_ms:
        await asyncio.sleep(backend.options.latency_ms / 1000)
