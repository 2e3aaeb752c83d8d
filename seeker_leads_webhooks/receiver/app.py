"""The HTTP server: it answers at once and signals the runner. It stores and logs nothing of a call."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.receiver.authentication import Auth, Call, Signature, claimed_signature, place_of_key
from seeker_leads_webhooks.receiver.connections import HEAD_TIMEOUT_SECONDS, Connections, head_is_complete

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

#: A larger body is refused; a normal call has a few hundred bytes.
MAX_BODY_BYTES = 1 << 20
_BODY_TIMEOUT_SECONDS = 10.0
#: The number and length of a call's headers, so that hundreds of unfinished calls do not fill the memory.
_MAX_HEADERS = 64
_LONGEST_HEADER = 4096
#: How long an idle connection stays open after an answer. Proxies usually close theirs before.
_KEEPALIVE_SECONDS = 75.0
#: How long to read on after an answer, so that the caller does not lose the answer to a reset.
_LINGERING_SECONDS = 2.0
_SHUTDOWN_SECONDS = 2.0

logger = logging.getLogger(__name__)
#: aiohttp's own log quotes requests that it cannot read, and these may contain a key. So it is disabled.
_aiohttp_logger = logging.getLogger(f"{__name__}.aiohttp")
_aiohttp_logger.disabled = True


@dataclass
class Receiver:
    """Answers calls, and calls `on_call` for each authenticated one before it is answered."""

    auth: Auth
    keys: Sequence[bytes]
    on_call: Callable[[], object]
    health: Callable[[], Mapping[str, Any]]
    answer_status: int = 200
    body_timeout_seconds: float = _BODY_TIMEOUT_SECONDS
    head_timeout_seconds: float = HEAD_TIMEOUT_SECONDS
    most_connections: int | None = None  #: None: a share of the file descriptors that the process may open
    _last_place: str | None = field(default=None, init=False)

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Serve within this context, which yields the port.

        Raises:
            SettingsError: the address is not available, or not given.
        """
        if not host:
            msg = (
                "`--host` is empty, which would mean every network of this machine: name an address, such as 127.0.0.1"
            )
            raise SettingsError(msg)
        app = web.Application(middlewares=[_stop_timer])
        app.router.add_get("/healthz", self._answer_health)
        app.router.add_route("*", "/{path:.*}", self._answer_call)
        # Bodies are not decompressed, since a signature covers the bytes that were sent.
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=_aiohttp_logger,
            auto_decompress=False,
            max_headers=_MAX_HEADERS,
            max_field_size=_LONGEST_HEADER,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            lingering_time=_LINGERING_SECONDS,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await runner.setup()
        if runner.server is None:
            msg = "an application that is set up has a server"
            raise RuntimeError(msg)
        connections = Connections(
            runner.server, most=self.most_connections, head_timeout_seconds=self.head_timeout_seconds
        )
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(runner.cleanup)
            try:
                bound = await stack.enter_async_context(connections.listening(host, port))
            except (OSError, UnicodeError) as error:  # a name that is no name of a machine cannot be encoded
                problem = error.strerror if isinstance(error, OSError) else "not a name"
                msg = f"`--host` {host} and `--port` {port} cannot be used ({problem}): choose others"
                raise SettingsError(msg) from None
            yield bound

    async def _answer_health(self, _: web.Request) -> web.Response:
        return web.json_response(self.health())

    async def _answer_call(self, request: web.Request) -> web.Response:
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return web.Response(status=413)
        call = Call(tuple(request.headers.items()), request.rel_url.raw_query_string)
        place = place_of_key(call, self.auth, self.keys)
        if place is None and (signature := claimed_signature(call, self.auth)):
            try:
                is_signed = await asyncio.wait_for(self._is_signed(request, signature), self.body_timeout_seconds)
            except web.HTTPRequestEntityTooLarge:
                return web.Response(status=413)
            except asyncio.TimeoutError:
                return web.Response(status=408)
            except (web.RequestPayloadError, ConnectionError):
                return web.Response(status=400)
            place = "signature" if is_signed else None
        if place is None:
            logger.debug("Refused a call without the key")
            return web.Response(status=401)
        self.on_call()
        self._note(place)
        return web.Response(status=self.answer_status)

    async def _is_signed(self, request: web.Request, claimed: str) -> bool:
        """Return whether the body is signed, without storing it: many large bodies at once would fill the memory."""
        signature, size = Signature(self.keys), 0
        async for piece in request.content.iter_any():
            size += len(piece)
            if size > MAX_BODY_BYTES:
                raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, size)
            signature.add(piece)
        return signature.is_(claimed)

    def _note(self, place: str) -> None:
        logger.debug("Accepted a call")
        if place != self._last_place:
            self._last_place = place
            logger.info("Calls are authenticated by %s; to accept only this, start with --auth %s", place, place)


@web.middleware
async def _stop_timer(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    head_is_complete(request)
    return await handler(request)
