"""What an answer to `POST /leads` says about the lead if it is not an answer that the API documents."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox.faults.faults import FaultKind
from tests.ledger_tools import rows
from tests.posted_leads import created_names, names, on_post
from tests.raw_server import raw_server
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import Sent, TargetRunner


@pytest.mark.parametrize("kind", [FaultKind.CUT_BODY, FaultKind.BAD_JSON])
def test_success_status_counts_even_if_the_body_is_cut(
    run_target: TargetRunner, sandbox: Sandbox, kind: FaultKind
) -> None:
    """A 200 created the lead, whatever happens to its body: the lead is not sent again."""
    sandbox.script(on_post(kind, times=1))
    run = run_target([SCHEMA, record(1), state(1)])
    assert run.error is None
    assert run.states == [1]
    assert created_names(sandbox) == names(1)
    assert sandbox.statistics.requests == 1


def html(body: bytes, *, missing_bytes: int = 0) -> bytes:
    """Return a 201 labelled HTML; its connection ends `missing_bytes` before its body does."""
    length = len(body) + missing_bytes
    return b"HTTP/1.1 201 Created\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (length, body)


def run_with(run_target: TargetRunner, answer: bytes) -> Sent:
    """Run with one record; the server answers its request with these bytes."""
    with raw_server(lambda server, connection: server.send(connection, answer)) as server:
        return run_target([SCHEMA, record(1), state(1)], api_url=server.url)


PAGES = {
    "page": html(b"<html></html>"),
    "declared": html(b"\r\n <!DOCTYPE html><title>Log in</title>"),
    "byte order mark": html(b"\xef\xbb\xbf<!DOCTYPE html>"),
    "UTF-16": html("<!DOCTYPE html>".encode("utf-16")),
    "after a word": html(b"Warning: off\n<html>"),
    "breaks off": html(b"<html><bo", missing_bytes=100),
    "breaks off in a piece": html(b"<html>" + b"x" * 70_000, missing_bytes=100),
    "breaks off in a chunk": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<html><bo"
    ),
    "labelled in capitals": b"HTTP/1.1 200 OK\r\nContent-Type: TEXT/HTML\r\n\r\nWarning: off\n<html>",
    "without a label": b"HTTP/1.1 200 OK\r\n\r\n<!DOCTYPE html><html>",
    "with another label": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n<html lang=fr>",
}


@pytest.mark.parametrize("answer", PAGES.values(), ids=PAGES)
def test_web_page_with_200_created_nothing(run_target: TargetRunner, answer: bytes) -> None:
    """A portal's or proxy's page, whole or not, is not the API: the run stops, and the lead counts as not sent."""
    run = run_with(run_target, answer)
    assert "web page" in str(run.error)
    assert run.states == []
    assert rows(f"sqlite:///{run_target.ledger_path}", "status") == [("failed",)]


NO_PAGES = {
    "empty": html(b""),
    "blank": html(b"\r\n"),
    "JSON": html(b'{"requestId": "a"}'),
    "page that is not called one": b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\n\r\n<created/>",
}


@pytest.mark.parametrize("answer", NO_PAGES.values(), ids=NO_PAGES)
def test_html_content_type_alone_does_not_make_a_web_page(run_target: TargetRunner, answer: bytes) -> None:
    """Some servers label everything HTML: a 2xx with data or with an empty body means that the lead is created."""
    run = run_with(run_target, answer)
    assert run.error is None
    assert run.states == [1]
    assert run.summary.startswith("1 created")


UNCLEAR = {
    "word": html(b"Access denied"),
    "breaks off at once": html(b"", missing_bytes=9),
    "breaks off in JSON": html(b'{"requestId":', missing_bytes=9),
    "no gzip": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone"
    ),
}


@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR)
def test_success_of_unknown_origin_is_an_unknown_outcome(run_target: TargetRunner, answer: bytes) -> None:
    """A 2xx labelled HTML, with neither data nor a page in it, proves nothing: the outcome is unknown."""
    run = run_with(run_target, answer)
    assert "may or may not exist" in str(run.error)
    assert run.states == []
    assert rows(f"sqlite:///{run_target.ledger_path}", "status") == [("sending",)]


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 524])
def test_gateway_that_gave_up_is_a_lost_answer(run_target: TargetRunner, sandbox: Sandbox, status: int) -> None:
    """An error that is not the API's own does not say what happened to the request: `reject` does not send it again."""
    page = {"status": status, "body": "<html></html>", "content_type": "text/html"}
    sandbox.script(on_post(FaultKind.STATUS, **page, times=1))
    run = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome="reject")
    assert "may or may not exist" in run.rejects[0]["reasons"][0]["rule"]
    assert sandbox.created == []
    problem = '{"type": "about:blank", "title": "Unavailable", "status": 502}'
    sandbox.script(on_post(FaultKind.STATUS, status=status, body=problem, times=1))
    assert run_target([SCHEMA, record(2)], on_unknown_outcome="reject").error is None
    assert created_names(sandbox) == names(2)  # the API itself says that it created nothing


def test_unreadable_answer_leaves_an_unknown_outcome(run_target: TargetRunner, unreadable_url: str) -> None:
    """If an answer fails in any way after the request was sent, the lead may exist, and the next run knows that."""
    run = run_target([SCHEMA, record(1), state(1)], api_url=unreadable_url, on_unknown_outcome="reject")
    assert "cannot be read" in str(run.error)
    assert run.states == []
    again = run_target([SCHEMA, record(1), state(1)], api_url=unreadable_url, on_unknown_outcome="reject")
    assert again.states == [1]
    assert "may or may not exist" in again.rejects[0]["reasons"][0]["rule"]


@pytest.fixture
def unreadable_url() -> Iterator[str]:
    """An API that answers everything with a 200 that has two lengths."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
