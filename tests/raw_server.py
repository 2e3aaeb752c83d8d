"""A server that answers with arbitrary bytes, for answers that the sandbox cannot send."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass
class RawServer:
    """The requests, and how many bytes were sent before the client closed the connection."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    sent_bytes: int = 0

    def send(self, connection: socket.socket, data: bytes) -> None:
        """Send data and count the sent bytes."""
        connection.sendall(data)
        self.sent_bytes += len(data)


def _as_it_is(connection: socket.socket) -> socket.socket:
    return connection


@contextlib.contextmanager
def raw_server(
    answer: Callable[[RawServer, socket.socket], None],
    *,
    opening: Callable[[socket.socket], socket.socket] = _as_it_is,
) -> Iterator[RawServer]:
    """Serve on this machine; each request is read completely and answered, and its connection is closed.

    `opening` handles what precedes the request, such as a handshake; an OSError in it ends the connection.
    """
    connections: list[socket.socket] = []
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = RawServer(f"http://127.0.0.1:{listener.getsockname()[1]}")

        def serve(connection: socket.socket) -> None:
            with contextlib.suppress(OSError), connection, opening(connection) as opened:
                server.requests.append(read_request(opened))
                answer(server, opened)
                opened.shutdown(socket.SHUT_WR)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connections.append(listener.accept()[0])
                    threads.append(threading.Thread(target=serve, args=[connections[-1]]))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def read_request(connection: socket.socket) -> bytes:
    """Return a complete request.

    Raises:
        ConnectionResetError: the request breaks off.
    """
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or _no_more()
    head, _, body = data.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    while found and len(body) < int(found[1]):
        body += connection.recv(65536) or _no_more()
    return head + b"\r\n\r\n" + body


def _no_more() -> bytes:
    raise ConnectionResetError
