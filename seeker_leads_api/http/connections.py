"""What connections do beyond urllib3's.

An answer that drips must end: the read time-out counts from byte to byte, so it alone would wait for ever. And
`never_connected` returns whether an error occurred before the connection was made: urllib3 raises the same kinds of
errors before and after that moment.
"""

from __future__ import annotations

import http.client
import io
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    import socket

#: From the end of a request to the last byte of its answer, so many read time-outs may pass.
MOST_TIMEOUTS_AN_ANSWER = 5

#: An attribute of exceptions: to wrap them would change what urllib3 and `requests` make of them.
_MARK = "_seeker_leads_never_connected"


class AnswerTooSlowError(TimeoutError):
    """The server sends now and then, but never comes to an end."""


def never_connected(error: BaseException) -> bool:
    """Return whether this error occurred before the connection was made: by TCP, a proxy's tunnel or TLS."""
    return getattr(error, _MARK, False)


class BoundedAdapter(HTTPAdapter):
    """The adapter of `requests`, whose answers come whole within a bounded time."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # requests'
        """Make the pools of direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # as above
        """Make the pools of connections by way of a proxy."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _BoundedFile(io.RawIOBase):
    """What a socket receives, up to a deadline; headers and body come through here."""

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
            deadline = time.monotonic() + MOST_TIMEOUTS_AN_ANSWER * timeout_seconds
            self.fp = io.BufferedReader(_BoundedFile(self.fp.detach(), deadline))

    def _read_status(self) -> tuple[str, int, str]:
        """Read the status of the answer itself: http.client takes an interim one (103 Early Hints) for it."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # private, for there is no hook
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
    """The same, over TLS: what `super` connects there is urllib3's TLS connection."""


class _BoundedPool(HTTPConnectionPool):
    ConnectionCls = _BoundedConnection


class _BoundedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _BoundedTlsConnection


_POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _BoundedPool, "https": _BoundedTlsPool}
