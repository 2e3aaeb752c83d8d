"""A port for a PostgreSQL that listens only on a socket in the file system, which a confined program cannot reach."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def relayed(path: str) -> Iterator[int]:
    """Yield a port of this machine that forwards connections to the socket at `path`."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, path), daemon=True).start()
        yield int(server.getsockname()[1])


def _accept(server: socket.socket, path: str) -> None:
    with contextlib.suppress(OSError):  # the server is closed at the end
        while True:
            near, _ = server.accept()
            threading.Thread(target=_join, args=(near, path), daemon=True).start()


def _join(near: socket.socket, path: str) -> None:
    with near, socket.socket(socket.AF_UNIX) as far:
        far.connect(path)
        back = threading.Thread(target=_copy, args=(far, near), daemon=True)
        back.start()
        _copy(near, far)
        back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):  # either end may be closed
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
