"""A hostile server: it sends exactly the bytes that a test chooses, and records the requests."""

from __future__ import annotations

import itertools
import json
import math
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from seeker_leads_api.errors import FatalError
from tests.http_servers import Quiet, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from tests.tap_runs import Run

LONGEST_DRIP_SECONDS = 20.0
#: Settings of the tap against it: it gives up soon.
RUN: dict[str, Any] = {"start_date": "2026-11-20", "max_retries": 0, "request_timeout_seconds": 10}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    number: int  #: counted from 0
    path: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class HostileServer:
    """`with HostileServer(answer) as server:`; the answer is raw HTTP in pieces, then the connection is closed."""

    answer: Callable[[Asked], Iterable[bytes]]
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._over = threading.Event()
        self._lock = threading.Lock()
        outer = self

        class Handler(Quiet, BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._serve(self)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer._serve(self)

        self._server = Server(Handler)
        self._server.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        self._server.stop()

    @property
    def url(self) -> str:
        return f"{self._server.url}/v1"

    def drip(self, seconds: float, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces with a wait before each, until the test is over; stops after a time that fails the test."""
        for piece in itertools.islice(pieces, math.ceil(LONGEST_DRIP_SECONDS / seconds)):
            if self._over.wait(seconds):
                return
            yield piece

    def silence(self) -> Iterator[bytes]:
        """Send nothing until the test is over; stops after a time that fails the test."""
        return self.drip(LONGEST_DRIP_SECONDS, [b""])

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        split = urlsplit(handler.path)
        with self._lock:
            asked = Asked(len(self.asked), split.path, dict(parse_qsl(split.query)), dict(handler.headers.items()))
            self.asked.append(asked)
        handler.close_connection = True
        try:
            for piece in self.answer(asked):
                handler.wfile.write(piece)
                handler.wfile.flush()
        except OSError:
            pass  # the client closed the connection


def http(body: bytes | str = b"", status: int = 200, **headers: str) -> list[bytes]:
    """Return a complete answer; an underscore in a header's name stands for a hyphen."""
    content = body.encode() if isinstance(body, str) else body
    given = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return [f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + content]


def page(items: list[Any], following: str | None = None) -> str:
    """Return a page in the API's format; `following` is the next cursor."""
    links = {} if following is None else {"next": f"/v1/leads?start={following}"}
    return json.dumps({"metadata": {}, "links": links, "items": items})


def lead(lead_id: str, **metadata: Any) -> dict[str, Any]:
    """Return a small lead."""
    return {"metadata": {"leadId": lead_id, "portal": "SLG-FRA", "leadCategory": "AGENCY", **metadata}}


def refused(run: Run) -> str:
    """Check that the run ended with one of our errors in one line, and that the bookmark did not move."""
    assert isinstance(run.error, FatalError)
    assert run.bookmark is None
    message = str(run.error)
    assert "\n" not in message
    assert len(message) < 500
    return message
