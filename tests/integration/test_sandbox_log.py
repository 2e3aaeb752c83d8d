"""What the sandbox logs about requests, among them those that break off."""

from __future__ import annotations

import logging
import socket
import struct
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = {"Authorization": "Bearer sandbox-token"}
SECRET = "Martin"


@pytest.fixture
def sandbox(caplog: pytest.LogCaptureFixture) -> Iterator[Sandbox]:
    with Sandbox.start(SandboxOptions()) as running:
        caplog.set_level(logging.INFO, logger=running.access_log.name)
        yield running


def test_requests_are_logged_without_their_contents(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """A request is always one line: method, path, status and milliseconds; the page's own requests are not logged."""
    sandbox.script(Fault(FaultKind.RESET, method="POST", times=1))
    requests.get(f"{sandbox.admin_url}/page/panels", timeout=5)
    requests.get(f"{sandbox.api_url}/leads?minDate=1&secret=my-query", headers=HEADERS, timeout=5)
    requests.get(f"{sandbox.api_url}/leads/a%0Ab", headers=HEADERS, timeout=5)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{sandbox.api_url}/leads", json={"lastName": "Martin"}, headers=HEADERS, timeout=5)
    sandbox.stop()
    lines = [record.getMessage() for record in caplog.records if record.name == sandbox.access_log.name]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        "GET /seeker-leads/v1/leads 400",
        "GET /seeker-leads/v1/leads/a%0Ab 404",
        "POST /seeker-leads/v1/leads no answer",
    ]


def begin(sandbox: Sandbox, path: str, rest: str) -> socket.socket:
    """Send the head of a POST and the start of its body; return the connection."""
    port = urlsplit(sandbox.url).port or 0
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nUser-Agent: x\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Authorization: Bearer sandbox-token\r\n{rest}".encode())
    return connection


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("path", ["/seeker-leads/v1/leads", "/oauth/token", "/_sandbox/leads"])
def test_client_that_disappears_is_one_line(
    sandbox: Sandbox, path: str, *, is_reset: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that is killed while it sends its body is logged as a request without an answer, not as an error."""
    connection = begin(sandbox, path, f'Content-Length: 1000\r\n\r\n{{"lastName": "{SECRET}')
    requests.get(sandbox.url + "/", timeout=5)  # after this, the request before has arrived
    if is_reset:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    requests.get(sandbox.url + "/", timeout=5)
    sandbox.stop()
    lines = [record.getMessage().rsplit(" ", 2)[0] for record in caplog.records if "POST" in record.getMessage()]
    assert lines == [f"POST {path} no answer"]
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


def test_request_that_is_not_http_is_not_quoted(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """An invalid request is answered with 400 and logged as a line, without what the client sent."""
    with begin(sandbox, "/seeker-leads/v1/leads", f"Transfer-Encoding: chunked\r\n\r\n{SECRET}\r\n") as connection:
        answer = connection.recv(1000)
    sandbox.stop()
    assert answer.split()[1] == b"400"
    assert not any(SECRET in f"{record.getMessage()}{record.exc_info}" for record in caplog.records)
    assert any(" 400" in record.getMessage() for record in caplog.records)


def test_error_of_the_sandbox_is_logged(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of the sandbox itself is logged with its traceback."""

    def broken(*_: object) -> None:
        message = "a defect"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("seeker_leads_sandbox.api.middleware._check_token", broken)
    assert requests.get(f"{sandbox.api_url}/leads", headers=HEADERS, timeout=5).status_code == 500
    sandbox.stop()
    assert "ZeroDivisionError" in [type(r.exc_info[1]).__name__ for r in caplog.records if r.exc_info]
