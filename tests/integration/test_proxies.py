"""A proxy between client and API: its behaviour decides whether the lead may exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger_tools import rows
from tests.raw_server import RawServer, raw_server
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    import socket

    from tests.target_runs import TargetRunner

MESSAGES = [SCHEMA, record(1), state(1)]


def close(server: RawServer, connection: socket.socket) -> None:
    """Close the connection without an answer."""


def refuse(server: RawServer, connection: socket.socket) -> None:
    server.send(connection, b"HTTP/1.1 503 No way\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture(autouse=True)
def no_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send requests to this machine through a proxy too."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_answer_that_a_proxy_loses_is_lost(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the connection breaks after the request, the answer is lost, with a proxy too: `reject` does not repeat it.

    urllib3 raises a ProxyError, as if no connection had been made.
    """
    with raw_server(close) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        run = run_target(MESSAGES, api_url="http://127.0.0.1:9/v1", on_unknown_outcome="reject")
    assert len(proxy.requests) == 1
    assert proxy.requests[0].startswith(b"POST http://127.0.0.1:9/v1/leads ")
    assert (run.error, run.states) == (None, [1])
    assert "may or may not exist" in run.rejects[0]["reasons"][0]["rule"]


def test_tunnel_that_a_proxy_refuses_sent_nothing(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the tunnel was not made, the lead was not sent: it is retried, and its outcome is not unknown."""
    with raw_server(refuse) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        run = run_target(MESSAGES, api_url="https://127.0.0.1:9/v1", on_unknown_outcome="reject", max_retries=2)
    assert [request.split()[0] for request in proxy.requests] == [b"CONNECT"] * 3
    assert "gave up after 3 tries" in str(run.error)
    assert (run.rejects, run.states) == ([], [])


def test_unreachable_proxy_sent_nothing(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unreachable proxy is treated like an unreachable API."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    run = run_target(MESSAGES, api_url="http://127.0.0.1:10/v1", on_unknown_outcome="reject", max_retries=1)
    assert "gave up after 2 tries" in str(run.error)
    assert (run.rejects, run.states) == ([], [])


def test_invalid_proxy_sent_nothing(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy whose host name is invalid ends the run, and no lead has an unknown outcome."""
    monkeypatch.setenv("http_proxy", "http://no..host:80")
    run = run_target(MESSAGES, api_url="http://127.0.0.1:9/v1", on_unknown_outcome="reject")
    assert "could not be sent" in str(run.error)
    assert (run.rejects, run.states) == ([], [])
    assert rows(f"sqlite:///{run_target.ledger_path}") == []
