"""What each fault does to a request: the only place where the sandbox breaks connections."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from seeker_leads_sandbox.api.problems import (
    TOO_MANY_REQUESTS,
    ProblemError,
    html_response,
    retry_after_headers,
)
from seeker_leads_sandbox.backend import BACKEND
from seeker_leads_sandbox.faults.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Does the request's work and returns the normal answer.
Work: TypeAlias = "Callable[[], Awaitable[web.StreamResponse]]"

_CLIENT_CHECK_SECONDS = 0.005
_FIRST_ERROR, _EMPTY_PERIOD = 400, 404


async def inject(request: web.Request, fault: Fault, work: Work) -> web.StreamResponse:
    """Answer a request that is hit by a fault.

    Raises:
        ProblemError: the fault is an error status without its own body.
    """
    return await _EFFECTS[fault.kind](request, fault, work)


def is_cut_off(request: web.BaseRequest) -> bool:
    """Return whether the client can no longer receive the answer."""
    return request.transport is None or request.transport.is_closing()


async def _status(request: web.Request, fault: Fault, _work: Work) -> web.StreamResponse:
    backend = request.app[BACKEND]
    headers = {}
    if fault.retry_after is not None:
        headers = {"Retry-After": str(fault.retry_after)}
    elif fault.status == TOO_MANY_REQUESTS:
        headers = retry_after_headers(backend.options.retry_after, backend.clock())
    if fault.body is None:
        raise ProblemError(fault.status, "Scripted by the sandbox", headers=headers)
    body = fault.body.encode() if isinstance(fault.body, str) else fault.body
    return web.Response(status=fault.status, body=body, headers={"Content-Type": fault.content_type, **headers})


async def _slow(_request: web.Request, fault: Fault, work: Work) -> web.StreamResponse:
    await asyncio.sleep(fault.delay_ms / 1000)
    return await work()


async def _timeout(request: web.Request, _fault: Fault, _work: Work) -> web.StreamResponse:
    stopping = request.app[BACKEND].stopping
    while not is_cut_off(request) and not stopping.is_set():  # noqa: ASYNC110  # aiohttp has no event for it
        await asyncio.sleep(_CLIENT_CHECK_SECONDS)
    return _abort(request)


async def _cut_body(request: web.Request, _fault: Fault, work: Work) -> web.StreamResponse:
    response = await work()
    body = _body(response)
    if not body:
        return _abort(request)
    cut = web.StreamResponse(status=response.status, headers={"Content-Type": response.headers["Content-Type"]})
    cut.content_length = len(body)
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()  # after the data written so far has been sent
    return cut


async def _reset(request: web.Request, _fault: Fault, _work: Work) -> web.StreamResponse:
    # Otherwise a client that is still sending would sometimes see a broken pipe instead of a reset.
    await request.read()
    return _abort(request)


async def _bad_json(_request: web.Request, _fault: Fault, work: Work) -> web.StreamResponse:
    response = await work()
    body = _body(response)
    # A refusal keeps its status: with 200, a lead that was refused would count as created. An empty period is none.
    status = 200 if response.status < _FIRST_ERROR or response.status == _EMPTY_PERIOD else response.status
    return web.Response(status=status, body=body[: len(body) // 2], content_type="application/json")


async def _html_502(request: web.Request, _fault: Fault, _work: Work) -> web.StreamResponse:
    return html_response(502, "The gateway got no valid answer.", traceparent=request.app[BACKEND].traceparent())


async def _lost_answer(request: web.Request, _fault: Fault, work: Work) -> web.StreamResponse:
    await work()
    return _abort(request)


async def _missing_scope(request: web.Request, fault: Fault, work: Work) -> web.StreamResponse:
    request.app[BACKEND].tokens.take_scope(fault.scope)
    return await work()


async def _revoke_token(request: web.Request, _fault: Fault, work: Work) -> web.StreamResponse:
    request.app[BACKEND].tokens.revoke_all()
    return await work()


_EFFECTS: dict[FaultKind, Callable[[web.Request, Fault, Work], Awaitable[web.StreamResponse]]] = {
    FaultKind.SLOW: _slow,
    FaultKind.STATUS: _status,
    FaultKind.TIMEOUT: _timeout,
    FaultKind.CUT_BODY: _cut_body,
    FaultKind.RESET: _reset,
    FaultKind.BAD_JSON: _bad_json,
    FaultKind.HTML_502: _html_502,
    FaultKind.LOST_ANSWER: _lost_answer,
    FaultKind.MISSING_SCOPE: _missing_scope,
    FaultKind.REVOKE_TOKEN: _revoke_token,
}


def _body(response: web.StreamResponse) -> bytes:
    return response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""


def _abort(request: web.Request) -> web.Response:
    if request.transport is not None:
        # Without lingering, the kernel sends a reset instead of an orderly close.
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response()  # aiohttp requires one, although it can no longer be sent
