from __future__ import annotations

import asyncio
import gzip
import hmac
import logging
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_webhooks.receiver.app import MAX_BODY_BYTES, Receiver
from seeker_leads_webhooks.receiver.authentication import Auth
from tests.webhook_calls import BODY, KEY, PREVIOUS, Called, call, receiving


def signed(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"X-Signature": hmac.new(key.encode(), body, "sha256").hexdigest()}


@pytest.mark.parametrize("path", ["/", "/hooks/leads?x=1", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("key", [KEY, PREVIOUS])
def test_authenticated_call_is_a_signal(port: int, called: Called, path: str, method: str, key: str) -> None:
    """Any path, method and body is accepted, and both keys during a rotation."""
    assert call(port, path, method=method, headers={"Authorization": f"Bearer {key}"}) == (200, b"")
    assert call(port, path, method=method, body=b"\x00 not JSON", headers={"X-Api-Key": key}) == (200, b"")
    assert call(port, path, method=method, headers=signed(BODY, key)) == (200, b"")
    assert called.count == 3


def test_wrong_key_is_refused_without_a_hint(port: int, called: Called) -> None:
    """The answer is only 401: it does not say which header or format was expected."""
    for headers in ({}, {"X-Api-Key": KEY[:-1]}, {"Authorization": "Bearer no"}, signed(BODY + b"1")):
        assert call(port, headers=headers) == (401, b"")
    assert call(port, "/?key=no") == (401, b"")
    assert called.count == 0


def test_answer_has_the_configured_status(called: Called) -> None:
    """A vendor may accept only one 2xx status as a success."""
    with receiving(called, answer_status=201) as port:
        assert call(port, f"/?key={KEY}") == (201, b"")


def test_health_needs_no_key(port: int, called: Called) -> None:
    """Monitoring has no key, and its request is not a call."""
    assert call(port, "/healthz", method="GET", body=None) == (200, b'{"status": "ok"}')
    assert called.count == 0


def test_call_with_its_key_is_answered_before_its_body(port: int, called: Called) -> None:
    """If the key is in the head, the answer does not wait for the body."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        sender.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nX-Key: {KEY}\r\nContent-Length: 9999\r\n\r\n{{".encode())
        assert sender.recv(64).startswith(b"HTTP/1.1 200 ")
    assert called.count == 1


def test_body_that_never_ends_times_out(called: Called) -> None:
    """A caller that sends a signature but no body is refused after a time-out."""
    with receiving(called, body_timeout_seconds=0.05) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
            head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
            sender.sendall(f"{head}X-Signature: {'0' * 64}\r\n\r\n".encode())
            assert sender.recv(64).startswith(b"HTTP/1.1 408 ")
        assert call(port, headers=signed(BODY))[0] == 200
    assert called.count == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_large_body_is_refused(port: int, called: Called, chunked: bool) -> None:  # noqa: FBT001  # a parameter
    """A body of more than 1 MiB is not read, with or without an announced size; 1 MiB is accepted."""
    large = b"x" * (MAX_BODY_BYTES + 1)
    body = (large[start : start + 65536] for start in range(0, len(large), 65536)) if chunked else large
    assert call(port, body=body, headers=signed(large))[0] == 413
    assert called.count == 0
    assert call(port, body=large[1:], headers=signed(large[1:]))[0] == 200


def test_signature_is_of_the_bytes_that_were_sent(port: int) -> None:
    """A signature covers the compressed bytes; a body is never decompressed, since it may be a bomb."""
    packed = gzip.compress(b"0" * (64 << 20))
    headers = {"Content-Encoding": "gzip", **signed(packed)}
    assert call(port, body=packed, headers=headers)[0] == 200


@pytest.mark.parametrize(
    "nonsense",
    [
        f"GET /?key={KEY} HTTP/9.9.9\r\n\r\n",
        f"{KEY}\r\n\r\n",
        f"POST / HTTP/1.1\r\nX-Api-Key : {KEY}\x00\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: Quastenflosser\r\nX-Api-Key: {KEY}\r\n\r\n",
    ],
)
def test_nonsense_is_refused_and_not_quoted(port: int, caplog: pytest.LogCaptureFixture, nonsense: str) -> None:
    """A request that is not valid HTTP may still contain a key, so no part of it is logged."""
    with caplog.at_level(logging.DEBUG), socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        sender.sendall(nonsense.encode())
        assert sender.recv(64).split()[1:2] == [b"400"]
    assert call(port, headers={"X-Api-Key": KEY})[0] == 200
    assert KEY not in caplog.text
    assert "Quastenflosser" not in caplog.text


def test_log_names_the_place_of_the_key_and_nothing_of_the_call(port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The log says once which header to pin; key, query and body are not logged at any level."""
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            call(port, f"/secret-path?key={KEY}")
        call(port, headers={"X-Portal-Key": f"ApiKey {PREVIOUS}"})
        call(port, headers=signed(BODY))
        call(port, headers={"X-Api-Key": "wrong-key-11111111"})
    output = caplog.text
    assert [output.count(f"--auth {place}") for place in ("query", "header:X-Portal-Key", "signature")] == [1, 1, 1]
    for private in (KEY, PREVIOUS, "wrong-key", "secret-path", "Quastenflosser", signed(BODY)["X-Signature"]):
        assert private not in output


def test_wrong_calls_do_not_delay_a_right_one(port: int, called: Called) -> None:
    """A valid call is answered during a thousand forged calls, some of them with signatures."""
    forged = [{"X-Api-Key": f"forged-{number:016}"} for number in range(900)]
    forged += [{"X-Signature": f"{number:064x}"} for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(call, port, headers=headers) for headers in forged]
        began = time.monotonic()
        assert call(port, headers={"X-Api-Key": KEY})[0] == 200
        seconds = time.monotonic() - began
        assert {answer.result()[0] for answer in answers} == {401}
    assert called.count == 1
    assert seconds < 1


def test_burst_is_answered(port: int, called: Called) -> None:
    """A thousand calls at once, each on its own connection, are all counted."""
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(partial(call, headers={"X-Api-Key": KEY}), [port] * 1000))
    assert {status for status, _ in answers} == {200}
    assert called.count == 1000


def test_taken_port_is_named(port: int) -> None:
    """The message contains the fix, and there is no traceback."""

    async def second() -> None:
        receiver = Receiver(Auth.parse("any"), (b"key",), on_call=Called(), health=dict)
        async with receiver.listening("127.0.0.1", port):
            pass

    with pytest.raises(SettingsError, match=f"`--port` {port}"):
        asyncio.run(second())
