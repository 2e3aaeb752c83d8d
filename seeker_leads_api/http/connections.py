"""Extends urllib3's connections.

Every answer ends within a bounded time. The read time-out applies to each read, so it would let a server that sends one
byte at a time continue forever. `never_connected` returns whether an error occurred before the connection was made;
urllib3 raises the same types of errors before and after that moment.
"""

from __future__ import annotations

import http.client
import io
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket

#: Maximum time from the end of a request to the last byte of its answer, in read time-outs.
MAX_TIMEOUTS_PER_ANSWER = 5

#: Set as an attribute of exceptions: wrapping them would change how urllib3 and `requests` handle them.
_MARK = "_seeker_leads_never_connected"


class AnswerTooSlowError(TimeoutError):
    """The server keeps sending, but the answer does not end."""


def never_connected(error: BaseException) -> bool:
    """Return whether this error occurred before the connection was made: during TCP, a proxy's tunnel or TLS."""
    return getattr(error, _MARK, False)


class BoundedAdapter(HTTPAdapter):
    """The adapter of `requests`, with a bounded time for each answer."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # requests'
        """Create the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def connect_ahead(self, session: requests.Session, url: str, timeout_seconds: float) -> None:
        """Open the connection that the next request to the URL's host will use.

        Raises:
            Exception: it cannot be opened; the request will report the reason.
        """
        request = session.prepare_request(requests.Request("GET", url))
        verify = True if session.verify is None else session.verify
        pool: Any = self.get_connection_with_tls_context(
            request, verify=verify, proxies=session.proxies, cert=session.cert
        )
        _connect_ahead(pool, timeout_seconds)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Create the pools of connections through a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _BoundedFile(io.RawIOBase):
    """Reads from a socket until a deadline; headers and body pass through here."""

    def __init__(self, raw: io.RawIOBase, deadline: float) -> None:
        super().__init__()
        self._raw = raw
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def readinto(self, buffer: Any, /) -> int | None:  # noqa: ANN401  # any writable buffer
        if time.monotonic() > self._deadline:
            raise AnswerTooSlowError
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _BoundedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # the base's
        super().__init__(sock, *args, **kwargs)
        timeout_seconds = sock.gettimeout()
        if timeout_seconds is not None:
            deadline = time.monotonic() + MAX_TIMEOUTS_PER_ANSWER * timeout_seconds
            self.fp = io.BufferedReader(_BoundedFile(self.fp.detach(), deadline))

    def begin(self) -> None:
        """Read status and headers; urllib3 logs a header that cannot be parsed, and all after it, as a warning."""
        super().begin()
        self.msg.defects.clear()
        self.msg.set_payload("")

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status of the final answer; http.client mistakes an interim one (103 Early Hints) for it."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # private, because there is no hook
            if status >= HTTPStatus.OK or status == HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _BoundedConnection(HTTPConnection):
    response_class = _BoundedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as error:
            setattr(error, _MARK, True)
            raise


class _BoundedTlsConnection(_BoundedConnection, HTTPSConnection):
    """The same over TLS: `super().connect` in the base class calls urllib3's TLS connection."""


def _connect_ahead(pool: HTTPConnectionPool, timeout_seconds: float) -> None:
    """Do what `urlopen` does before it sends; it uses private methods, because there is no hook."""
    connection: Any = pool._get_conn()  # noqa: SLF001  # see above
    try:
        if connection.is_closed:
            connection.timeout = timeout_seconds
            if pool.proxy is not None and isinstance(pool, HTTPSConnectionPool):
                pool._prepare_proxy(connection)  # noqa: SLF001  # see above
            else:
                connection.connect()
    finally:
        pool._put_conn(connection)  # noqa: SLF001  # see above


class _BoundedPool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _BoundedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _BoundedPool, "https": _BoundedTlsPool}
