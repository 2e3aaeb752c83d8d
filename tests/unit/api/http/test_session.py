"""How `ApiSession` differs from `requests`, on real sockets."""

from __future__ import annotations

import gzip
import os
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar

import pytest
import requests

from seeker_leads_api.errors import RetryableError
from seeker_leads_api.http.session import LONGEST_IDLE_SECONDS, ApiSession
from seeker_leads_api.http.transport_errors import classify_exception
from tests.http_servers import Quiet, Server
from tests.raw_server import RawServer, raw_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

# Larger than one piece, and hardly compressible.
BODY = os.urandom(3 << 20)


class Handler(Quiet, BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    clients: ClassVar[list[int]] = []  #: the port of each request's connection
    connected: ClassVar[list[int]] = []  #: that of each connection

    cookies: ClassVar[list[str | None]] = []  #: of each request

    def setup(self) -> None:
        self.connected.append(self.client_address[1])
        super().setup()

    def do_GET(self) -> None:
        self.clients.append(self.client_address[1])
        self.cookies.append(self.headers["Cookie"])
        body = gzip.compress(BODY) if "gzip" in self.path else BODY
        self.send_response(200)
        self.send_header("Set-Cookie", "session=of-one-account; Path=/")
        if "gzip" in self.path:
            self.send_header("Content-Encoding", "gzip")
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (body[:10], body[10:])) + b"0\r\n\r\n"
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if "cut" in self.path else body)
        self.close_connection = "cut" in self.path


@pytest.fixture
def url() -> Iterator[str]:
    Handler.clients.clear()
    Handler.connected.clear()
    Handler.cookies.clear()
    with Server(Handler) as server:
        yield server.url


@pytest.mark.parametrize("encoding", ["plain", "gzip", "chunked", "gzip,chunked"])
def test_body_is_whole_and_its_connection_is_used_again(url: str, encoding: str) -> None:
    """The whole body is read however it is sent, and the next request opens no new connection."""
    with ApiSession(url, "test/1") as session:
        for _ in range(2):
            response = session.send(session.prepare_get(f"{url}/leads", {"as": encoding}), timeout=10)
            assert response.content == BODY
    assert len(Handler.clients) == 2
    assert len(set(Handler.clients)) == 1


def test_cookies_are_not_sent_back(url: str) -> None:
    """Accounts share a session, so a cookie that was set for one is not sent with the request of another."""
    with ApiSession(url, "test/1") as session:
        for _ in range(2):
            session.get(f"{url}/leads", timeout=10)
        assert not session.cookies
    assert Handler.cookies == [None, None]


@pytest.mark.parametrize("encoding", ["plain", "gzip", "chunked"])
def test_cut_body_is_an_error(url: str, encoding: str) -> None:
    """A truncated body never counts as an answer."""
    with ApiSession(url, "test/1") as session, pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.send(session.prepare_get(f"{url}/leads", {"as": encoding, "cut": 1}), timeout=10)


def test_streamed_body_is_read_by_the_caller(url: str) -> None:
    """With `stream`, the caller gets the status even if the body breaks off."""
    with ApiSession(url, "test/1") as session:
        response = session.send(session.prepare_get(f"{url}/leads", {"cut": 1}), timeout=10, stream=True)
        assert response.status_code == 200
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = response.content


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(("idle_seconds", "connections"), [(30.0, 1), (30.1, 2)])
def test_idle_connection_is_not_used_again(url: str, idle_seconds: float, connections: int, *, is_stream: bool) -> None:
    """After half a minute without a request, the next one opens a new connection: the old one may be dead."""
    now = [0.0]
    with ApiSession(url, "test/1", clock=lambda: now[0]) as session:
        for wait_seconds in (20.0, idle_seconds, 0.0):  # every request resets the idle time, not only the first
            response = session.send(session.prepare_get(f"{url}/leads", {}), timeout=10, stream=is_stream)
            assert response.content == BODY
            now[0] += wait_seconds
    assert len(set(Handler.clients)) == connections


def test_request_is_as_requests_prepares_it() -> None:
    """Preparing everything but the query only once changes no request, and no request changes the next one."""
    session, url = ApiSession("https://api/v1", "test/1"), "https://api/v1/leads"
    for query in ({"limit": 100, "start": "a/b ü&c"}, {"limit": 5}):
        ours, theirs = (
            session.prepare_get(url, query),
            session.prepare_request(requests.Request("GET", url, params=query)),
        )
        assert (ours.method, ours.url, ours.headers) == (theirs.method, theirs.url, theirs.headers)
        ours.headers["Authorization"] = "Bearer old"


def test_connection_that_is_opened_ahead_is_the_requests(url: str) -> None:
    """A connection that is opened ahead is used by the next request, and is not opened twice."""
    with ApiSession(url, "me/1") as session:
        session.connect_ahead()
        session.connect_ahead()
        session.get(f"{url}/plain")
        session.connect_ahead()
        session.get(f"{url}/plain")
    assert len(Handler.connected) == 1
    assert Handler.clients == Handler.connected * 2


def test_connection_that_idled_is_opened_ahead_anew(url: str) -> None:
    """A connection that was idle for too long is replaced when it is opened ahead."""
    now = [0.0]
    with ApiSession(url, "me/1", clock=lambda: now[0]) as session:
        session.get(f"{url}/plain")
        now[0] = LONGEST_IDLE_SECONDS + 1
        session.connect_ahead()
        session.get(f"{url}/plain")
    assert len(set(Handler.clients)) == 2


def test_failure_to_connect_ahead_is_left_to_the_request() -> None:
    """If opening ahead fails, nothing is reported: the request fails too, and reports the error."""
    with ApiSession("http://127.0.0.1:1", "me/1") as session:
        session.connect_ahead()
        with pytest.raises(requests.ConnectionError):
            session.get("http://127.0.0.1:1/")


@pytest.mark.parametrize("broken", [b"no colon", b" X-Folded: first", b"X-Key : value"])
def test_headers_that_cannot_be_parsed_are_not_logged(caplog: pytest.LogCaptureFixture, broken: bytes) -> None:
    """No header of an answer is logged, not even if urllib3 cannot parse it: what follows may be a session."""
    caplog.set_level("DEBUG")

    def answer(server: RawServer, connection: socket.socket) -> None:
        server.send(connection, b"HTTP/1.1 200 OK\r\n%s\r\nSet-Cookie: session=s3cret\r\n\r\nbody" % broken)

    with raw_server(answer) as server, ApiSession(server.url, "me/1") as session:
        assert session.get(server.url, timeout=10).content == b"body"
    assert "s3cret" not in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "rest",
    [
        b"Transfer-Encoding: chunked\r\n\r\n-5\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\nfive\r\nabc",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"Content-Length: 5\r\n\r\nab",
        b"Content-Encoding: gzip\r\n\r\nabc",
    ],
)
def test_body_that_cannot_be_read_is_a_temporary_fault(rest: bytes) -> None:
    """A body whose framing or compression is broken costs a retry, however it is broken."""

    def answer(server: RawServer, connection: socket.socket) -> None:
        server.send(connection, b"HTTP/1.1 200 OK\r\n" + rest)

    with (
        raw_server(answer) as server,
        ApiSession(server.url, "me/1") as session,
        pytest.raises(requests.RequestException) as caught,
    ):
        session.get(server.url, timeout=10)
    assert isinstance(classify_exception(caught.value, "GET /", 10), RetryableError)
