"""Hostile calls to the receiver: it stays small, keeps answering, and logs no part of them."""

from __future__ import annotations

import contextlib
import http.client
import logging
import re
import socket
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from seeker_leads_webhooks.receiver.app import MAX_BODY_BYTES
from tests.waiting import wait_until
from tests.webhook_calls import KEY, Called, call, receiving
from tests.webhook_serving import Serving

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox

_KEYED = f"Host: x\r\nX-Api-Key: {KEY}\r\n"
_SIGNED = f"Host: x\r\nX-Signature: {'0' * 64}\r\n"
_END = "Content-Length: 0\r\n\r\n"
_CHUNKED = "Transfer-Encoding: chunked\r\n\r\n"
#: What a caller sends, and the statuses that it gets.
_SHAPES: dict[str, tuple[str, list[str]]] = {
    "a header of 1 MB": (f"POST / HTTP/1.1\r\n{_KEYED}X-A: {'a' * 1_000_000}\r\n\r\n", ["400"]),
    "a header of 5 KB": (f"POST / HTTP/1.1\r\n{_KEYED}X-A: {'a' * 5_000}\r\n{_END}", ["400"]),
    "70 headers": ("POST / HTTP/1.1\r\n" + _KEYED + "X-A: a\r\n" * 70 + _END, ["400"]),
    "no chunk size": (f"POST / HTTP/1.1\r\n{_SIGNED}{_CHUNKED}zz\r\n", ["400"]),
    "a negative chunk size": (f"POST / HTTP/1.1\r\n{_SIGNED}{_CHUNKED}-5\r\n", ["400"]),
    "a chunk of 2**72 bytes": (f"POST / HTTP/1.1\r\n{_SIGNED}{_CHUNKED}ffffffffffffffffff\r\n", ["400"]),
    "a length of 2**62": (f"POST / HTTP/1.1\r\n{_KEYED}Content-Length: {2**62}\r\n\r\n", ["413"]),
    "a negative length": (f"POST / HTTP/1.1\r\n{_KEYED}Content-Length: -1\r\n\r\n", ["400"]),
    "two lengths": (f"POST / HTTP/1.1\r\n{_KEYED}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", ["400"]),
    "a length and chunks": (f"POST / HTTP/1.1\r\n{_KEYED}Content-Length: 4\r\n{_CHUNKED}0\r\n\r\n", ["400"]),
    "a smuggled request": (
        f"POST / HTTP/1.1\r\n{_KEYED}{_END}GET /private HTTP/1.1\r\nHost: x\r\n\r\n",
        ["200", "401"],
    ),
    "a path of broken UTF-8": (f"POST /%ff%fe HTTP/1.1\r\n{_KEYED}{_END}", ["200"]),
    "a key of odd bytes": (f"POST /?key=%ff%00%c3 HTTP/1.1\r\nHost: x\r\nX-Api-Key: \xff\xe9\r\n{_END}", ["401"]),
    "a short signature": (f"POST / HTTP/1.1\r\nHost: x\r\nX-Signature: 00\r\n{_END}", ["401"]),
    "a path out of the root": (f"POST /../../etc/passwd HTTP/1.1\r\nHost: x\r\n{_END}", ["401"]),
    "an encoded path out of it": (f"POST /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: x\r\n{_END}", ["401"]),
    "another host": (f"POST http://private.example:99999/ HTTP/1.1\r\n{_KEYED}{_END}", ["400"]),
    "a host as the path": (f"POST //[private/x HTTP/1.1\r\nHost: x\r\n{_END}", ["401"]),
    "a broken Host": (f"POST / HTTP/1.1\r\nHost: [::1:::9\r\nX-Api-Key: {KEY}\r\n{_END}", ["200"]),
    "CONNECT": (f"CONNECT private.example:443 HTTP/1.1\r\nHost: x\r\n{_END}", ["404"]),
    "TRACE": (f"TRACE / HTTP/1.1\r\nHost: x\r\nCookie: private\r\n{_END}", ["401"]),
    "an odd method": (f"PRIVATE{{}} / HTTP/1.1\r\n{_KEYED}{_END}", ["400"]),
    "TLS": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + "\0" * 99, ["400"]),
    "NUL": (f"POST / HTTP/1.1\r\n{_KEYED}X-A: private\0\r\n{_END}", ["400"]),
    "50 pipelined calls": (f"POST / HTTP/1.1\r\n{_KEYED}{_END}" * 50, ["200"] * 50),
    "Expect": (f"POST / HTTP/1.1\r\n{_KEYED}Expect: 100-continue\r\n{_END}", ["100", "200"]),
    "an upgrade": (f"POST / HTTP/1.1\r\n{_KEYED}Upgrade: h2c\r\nConnection: Upgrade\r\n{_END}", ["200"]),
    "a body that is not gzip": (f"POST / HTTP/1.1\r\n{_SIGNED}Content-Encoding: gzip\r\n{_END}", ["401"]),
}


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def is_closed(caller: socket.socket) -> bool:
    with contextlib.suppress(ConnectionResetError):
        return caller.recv(1) == b""
    return True


@pytest.mark.parametrize("shape", _SHAPES)
def test_answer_to_an_odd_call(port: int, caplog: pytest.LogCaptureFixture, shape: str) -> None:
    """Each odd call gets the right status, is not quoted in the log, and leaves the receiver as it was."""
    sent, expected = _SHAPES[shape]
    with caplog.at_level(logging.DEBUG), connected(port) as caller:
        with contextlib.suppress(ConnectionError):  # a refused head of 1 MB is not read to its end
            caller.sendall(sent.encode("latin-1"))
        found: list[str] = []
        while len(found) < len(expected):
            line = caller.recv(65536).decode("latin-1")
            assert line, "the connection was closed without an answer"
            found += re.findall(r"HTTP/1\.\d (\d{3}) ", line)
    assert found == expected
    assert call(port, "/healthz", method="GET", body=None)[0] == 200
    assert [word for word in (KEY, "private", "etc/passwd", "Traceback") if word in caplog.text] == []


def test_new_connection_takes_the_place_of_the_oldest(called: Called, caplog: pytest.LogCaptureFixture) -> None:
    """Idle connections cannot keep others out: a call is answered, the oldest are closed, the log says so once."""
    with receiving(called, most_connections=8) as port, contextlib.ExitStack() as stack:
        idle = [stack.enter_context(connected(port)) for _ in range(40)]
        assert call(port, headers={"X-Api-Key": KEY})[0] == 200
        assert call(port, "/healthz", method="GET", body=None)[0] == 200
        assert all(is_closed(each) for each in idle[:30])
    assert called.count == 1
    assert caplog.text.count("More than 8 connections are open") == 1


def test_requests_that_wait_are_bounded(called: Called, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller that sends requests faster than they are answered is cut off, so that they do not fill the memory."""
    monkeypatch.setattr("seeker_leads_webhooks.receiver.connections._MAX_WAITING_REQUESTS", 8)
    with receiving(called) as port, connected(port) as caller:
        with contextlib.suppress(ConnectionError):
            caller.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)
            while caller.recv(65536):
                pass
        assert call(port, headers={"X-Api-Key": KEY})[0] == 200
    assert called.count == 1


def test_head_must_be_complete_in_time(called: Called) -> None:
    """A caller that sends its head byte by byte is cut off, however steadily it sends."""
    with receiving(called, head_timeout_seconds=0.2) as port, connected(port) as caller:
        began_at = time.monotonic()
        caller.settimeout(0.02)
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began_at < 10:
                caller.sendall(b"a")
                with contextlib.suppress(TimeoutError):
                    caller.recv(1)
        assert time.monotonic() - began_at < 10


def test_connection_of_an_earlier_call_stays_open(called: Called) -> None:
    """The deadline is only for a head that does not come: a proxy keeps its connection between calls."""
    with receiving(called, head_timeout_seconds=0.2) as port:
        proxy = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.closing(proxy), connected(port) as idle:
            for _ in range(2):
                proxy.request("POST", "/", b"{}", {"X-Api-Key": KEY})
                kept = proxy.sock
                assert proxy.getresponse().read() == b""
                assert is_closed(idle)  # so the deadline has passed
                assert proxy.sock is kept
    assert called.count == 2


def test_bodies_are_not_stored(called: Called) -> None:
    """Many callers that claim a signature and stop within their last byte do not fill the memory."""
    callers = 48
    with receiving(called) as port, contextlib.ExitStack() as stack:
        call(port)  # so that everything is loaded
        tracemalloc.start()
        stack.callback(tracemalloc.stop)
        head = f"POST / HTTP/1.1\r\n{_SIGNED}Content-Length: {MAX_BODY_BYTES}\r\n\r\n".encode()
        open_ = [stack.enter_context(connected(port)) for _ in range(callers)]
        for each in open_:
            each.sendall(head + b"a" * (MAX_BODY_BYTES - 1))
        assert call(port, headers={"X-Api-Key": KEY})[0] == 200
        wait_until(lambda: tracemalloc.get_traced_memory()[0] < callers * MAX_BODY_BYTES / 8)
        for each in open_:
            each.sendall(b"a")
            assert each.recv(64).startswith(b"HTTP/1.1 401 ")


def test_runs_go_on_while_the_descriptors_are_sought_after(tmp_path: Path, sandbox: Sandbox) -> None:
    """More connections than the process may open files stop neither the answers nor the runs."""
    serving = Serving(tmp_path, sandbox, prefix=("prlimit", "--nofile=96"))
    serving.start_quickly(poll_seconds=0.2)
    try:
        with contextlib.ExitStack() as stack:
            for _ in range(300):
                stack.enter_context(connected(serving.port))
            began_at = serving.health()["last_run_began_at"]
            wait_until(lambda: serving.health()["last_run_began_at"] != began_at, log=serving)
            wait_until(lambda: not serving.health()["is_running"], log=serving)
            assert serving.health()["last_run_status"] == 0
    finally:
        serving.end()
    assert "Too many open files" not in serving.log
