"""Before the TLS handshake is complete, nothing was sent; after it, a connection that breaks is a lost answer."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from seeker_leads_api.errors import SettingsError
from tests.ledger_tools import rows
from tests.raw_server import RawServer, raw_server, read_request
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner

MESSAGES = [SCHEMA, record(1), state(1)]
AUTHORITY = trustme.CA()
SERVER = AUTHORITY.issue_cert("127.0.0.1")
GREETING_BYTES = 65536  # maximum of a client's first bytes to read


def closes(connection: socket.socket) -> socket.socket:
    """Close the connection, as a load balancer without a backend does."""
    connection.recv(GREETING_BYTES)
    raise ConnectionAbortedError


def resets(connection: socket.socket) -> socket.socket:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionAbortedError


def hangs(connection: socket.socket) -> socket.socket:
    while connection.recv(GREETING_BYTES):
        pass
    raise ConnectionAbortedError


def speaks_plainly(connection: socket.socket) -> socket.socket:
    """Answer in plain HTTP."""
    connection.recv(GREETING_BYTES)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    raise ConnectionAbortedError


def stands(connection: socket.socket) -> socket.socket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    SERVER.configure_cert(context)
    return context.wrap_socket(connection, server_side=True)


def after_connect(opening: Callable[[socket.socket], socket.socket]) -> Callable[[socket.socket], socket.socket]:
    """Return a proxy's answer to CONNECT, followed by what comes through its tunnel."""

    def tunnel(connection: socket.socket) -> socket.socket:
        assert read_request(connection).startswith(b"CONNECT ")
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        return opening(connection)

    return tunnel


def close(server: RawServer, connection: socket.socket) -> None:
    """Close the connection without an answer."""


def break_tls(server: RawServer, connection: socket.socket) -> None:
    with socket.socket(fileno=socket.dup(connection.fileno())) as below:
        server.send(below, b"no TLS at all")


def create(server: RawServer, connection: socket.socket) -> None:
    server.send(connection, b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")


@pytest.fixture(params=[False, True], ids=["direct", "proxy"])
def is_proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> bool:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    bundle = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    return bool(request.param)


def api_url(server: RawServer, monkeypatch: pytest.MonkeyPatch, *, is_proxied: bool) -> str:
    if is_proxied:
        monkeypatch.setenv("https_proxy", server.url)
        return "https://127.0.0.1:9/v1"
    return server.url.replace("http:", "https:")


@pytest.mark.parametrize("policy", ["retry", "reject"])
@pytest.mark.parametrize("opening", [closes, resets, hangs, speaks_plainly])
def test_handshake_that_fails_sent_nothing(
    run_target: TargetRunner,
    monkeypatch: pytest.MonkeyPatch,
    opening: Callable[[socket.socket], socket.socket],
    policy: str,
    *,
    is_proxied: bool,
) -> None:
    """If the handshake fails, the lead was not sent: it is retried, its outcome is known, and it is not duplicated."""
    with raw_server(close, opening=after_connect(opening) if is_proxied else opening) as server:
        run = run_target(
            MESSAGES,
            api_url=api_url(server, monkeypatch, is_proxied=is_proxied),
            on_unknown_outcome=policy,
            max_retries=0,
            request_timeout_seconds=1,
        )
    assert server.requests == []
    assert "gave up after 1 try" in str(run.error)
    assert (run.rejects, run.states) == ([], [])
    assert rows(f"sqlite:///{run_target.ledger_path}") == []


@pytest.mark.parametrize("answer", [close, break_tls])
def test_connection_that_breaks_after_the_handshake_is_a_lost_answer(
    run_target: TargetRunner,
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[RawServer, socket.socket], None],
    *,
    is_proxied: bool,
) -> None:
    """After the handshake and the request, the lead may exist: `reject` does not send it again."""
    with raw_server(answer, opening=after_connect(stands) if is_proxied else stands) as server:
        url = api_url(server, monkeypatch, is_proxied=is_proxied)
        run = run_target(MESSAGES, api_url=url, on_unknown_outcome="reject")
    assert len(server.requests) == 1
    assert (run.error, run.states) == (None, [1])
    assert "may or may not exist" in run.rejects[0]["reasons"][0]["rule"]


def test_lead_goes_through_tls(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch, *, is_proxied: bool) -> None:
    """The connections that the tests above break work without a fault."""
    with raw_server(create, opening=after_connect(stands) if is_proxied else stands) as server:
        run = run_target(MESSAGES, api_url=api_url(server, monkeypatch, is_proxied=is_proxied))
    assert run.summary.startswith("1 created")


@pytest.fixture(params=["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def wrong_variable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(request.param, "/no/such/bundle.pem")
    return str(request.param)


@pytest.mark.parametrize("has_client", [False, True], ids=["token", "client"])
def test_missing_ca_bundle_is_a_wrong_setting(
    run_target: TargetRunner, run_tap: TapRunner, sandbox: Sandbox, wrong_variable: str, *, has_client: bool
) -> None:
    """A variable with a path that does not exist ends the run by name, before a record is claimed or written."""
    settings: dict[str, Any] = {"api_url": "https://127.0.0.1:9/v1"}
    if has_client:  # its tokens are requested without TLS, so that they cause no error
        settings |= {"auth_token": None, "client_id": "a", "client_secret": "a", "auth_url": sandbox.token_url}
    run, read = run_target(MESSAGES, **settings), run_tap(**settings)
    for error in (run.error, read.error):
        assert isinstance(error, SettingsError)
        assert f"`{wrong_variable}`" in str(error)
    assert not run_target.ledger_path.exists()
    assert read.records == []


@pytest.mark.usefixtures("wrong_variable")
def test_bundle_is_not_checked_without_tls(run_target: TargetRunner) -> None:
    """A path that does not exist does not matter to a run without TLS."""
    assert run_target(MESSAGES).summary.startswith("1 created")
