"""Bounds the open connections: their number, the time until the first head is complete, and the requests that wait.

Without these bounds, a few thousand idle connections use up the file descriptors of the process. Then it can neither
answer calls nor start runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiohttp import web

#: Enough for a thousand calls per second whose senders are half a second away.
_MAX_CONNECTIONS = 512
#: asyncio accepts up to this many connections before it serves any of them.
_ACCEPTED_AT_ONCE = 64
#: The share of the process's file descriptors for connections; the others are for runs, log and health file.
_SHARE = 2
#: Length of the kernel's queue of connections that are not accepted yet.
_BACKLOG = 1024
HEAD_TIMEOUT_SECONDS = 10.0
#: How many requests of one connection may wait for their answers. Proxies and callers send one at a time.
_MAX_WAITING_REQUESTS = 64
_PIECE_BYTES = 4096
_WARNING_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Connections:
    """The open connections, and the protocol of each new one.

    A new connection is always accepted. If there are too many, the oldest is closed: a call is answered long before
    that, so the oldest connections are idle or slow.
    """

    def __init__(
        self,
        protocol: Callable[[], asyncio.BaseProtocol],
        *,
        most: int | None = None,
        head_timeout_seconds: float = HEAD_TIMEOUT_SECONDS,
    ) -> None:
        descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        share = _MAX_CONNECTIONS if descriptors == resource.RLIM_INFINITY else max(1, descriptors // _SHARE)
        self._protocol = protocol
        self._most = min(_MAX_CONNECTIONS, share) if most is None else most
        self._head_timeout_seconds = head_timeout_seconds
        self._open: dict[_Connection, None] = {}  # in the order in which they were opened
        self._warned_at = -_WARNING_SECONDS

    @contextlib.asynccontextmanager
    async def listening(self, host: str, port: int) -> AsyncIterator[int]:
        """Accept connections within this context, which yields the port.

        Raises:
            OSError: the address is not available.
        """
        at_once = max(1, min(_ACCEPTED_AT_ONCE, self._most // 4))
        server = await asyncio.get_running_loop().create_server(self._new, host, port, backlog=at_once)
        for listener in server.sockets:
            # In asyncio, `backlog` is both the length of the queue and the number that is accepted at once.
            with socket.socket(fileno=os.dup(listener.fileno())) as same:
                same.listen(_BACKLOG)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    def _new(self) -> asyncio.Protocol:
        # aiohttp's protocol takes data as any `Protocol` does; its declared type is only a base class.
        return _Connection(self, cast("asyncio.Protocol", self._protocol()), self._head_timeout_seconds)

    def opened(self, connection: _Connection) -> None:
        """Count a connection; if there are too many, close the oldest."""
        self._open[connection] = None
        if len(self._open) <= self._most:
            return
        oldest = next(iter(self._open))
        del self._open[oldest]
        oldest.cut()
        now = asyncio.get_running_loop().time()
        if now - self._warned_at >= _WARNING_SECONDS:
            self._warned_at = now
            logger.warning("More than %d connections are open: each new one closes the oldest", self._most)

    def closed(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._open.pop(connection, None)


class _Connection(asyncio.Protocol):
    """Passes everything on to aiohttp's protocol, and closes the connection if it waits too long for a request."""

    def __init__(self, connections: Connections, inner: asyncio.Protocol, head_timeout_seconds: float) -> None:
        self._connections = connections
        self._inner = inner
        self._head_timeout_seconds = head_timeout_seconds
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._inner.connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(self._head_timeout_seconds, self.cut)
        self._connections.opened(self)

    def head_is_complete(self) -> None:
        """Stop the timer: aiohttp limits the time of everything after the first head."""
        if self._timer is not None:
            self._timer.cancel()

    def cut(self) -> None:
        """Close the connection at once, without sending what is still to be sent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.head_is_complete()
        self._connections.closed(self)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # Some versions of aiohttp store every request that was received, in a hundred times its size.
        for start in range(0, len(data), _PIECE_BYTES):
            self._inner.data_received(data[start : start + _PIECE_BYTES])
            if len(getattr(self._inner, "_messages", ())) > _MAX_WAITING_REQUESTS:
                self.cut()
                return

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()


def head_is_complete(request: web.Request) -> None:
    """Record that the head of the first request of its connection is complete."""
    protocol = None if request.transport is None else request.transport.get_protocol()
    if isinstance(protocol, _Connection):
        protocol.head_is_complete()
