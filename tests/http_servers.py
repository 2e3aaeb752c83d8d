"""HTTP servers in a separate thread, for the handlers of tests."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from typing_extensions import Self

HOST = "127.0.0.1"


class Quiet:
    """A part of a handler: it logs nothing."""

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    """Serves on a free port of this machine: `with Server(Handler) as server:`, or from `start` to `stop`."""

    request_queue_size = 100  # so that none of many simultaneous connections has to retry a second later

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__((HOST, 0), handler)
        self.url = f"http://{HOST}:{self.server_port}"  #: without a path
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()
