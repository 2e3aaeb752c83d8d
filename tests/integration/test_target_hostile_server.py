"""A server that answers as no API should: a clear error or a known outcome, with constant memory, and soon."""

from __future__ import annotations

import gzip
import json
import threading
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox.faults.faults import FaultKind
from tests.posted_leads import on_post
from tests.raw_server import RawServer, raw_server
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import Sent, TargetRunner

MIB = 1 << 20
MESSAGES: list[dict[str, Any]] = [SCHEMA, record(1), state(1)]


@pytest.fixture
def peak_mib() -> Iterator[Callable[[], float]]:
    """How many MiB Python has used at most since the test began."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    yield lambda: (tracemalloc.get_traced_memory()[1] - before) / MIB
    tracemalloc.stop()


def endless(head: bytes, piece: bytes, times: int) -> Callable[[RawServer, socket.socket], None]:
    def answer(server: RawServer, connection: socket.socket) -> None:
        server.send(connection, head)
        for _ in range(times):
            server.send(connection, piece)

    return answer


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("form", ["long", "chunked", "unannounced"])
def test_endless_answer_is_not_read_to_its_end(
    run_target: TargetRunner, peak_mib: Callable[[], float], status: int, form: str
) -> None:
    """Of 100 MB instead of 100 bytes, about one MiB is read; the status tells the result of the lead."""
    piece = b"x" * MIB
    header = {
        "long": b"Content-Length: 104857600\r\n",
        "chunked": b"Transfer-Encoding: chunked\r\n",
        "unannounced": b"",
    }
    if form == "chunked":
        piece = b"100000\r\n" + piece + b"\r\n"
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%s\r\n" % (status, header[form])
    with raw_server(endless(head, piece, 100)) as server:
        run = run_target(MESSAGES, api_url=server.url, max_retries=1)
    assert server.sent_bytes < 30 * MIB  # some are in the buffers of both ends
    assert peak_mib() < 10
    assert_known(run, status)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_compressed_bomb_does_not_fill_the_memory(
    run_target: TargetRunner, peak_mib: Callable[[], float], status: int
) -> None:
    """A hundred KB that decompress to 100 MB are only decompressed as far as they are read."""
    packed = gzip.compress(bytes(100 * MIB), 6)
    head = b"HTTP/1.1 %d X\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % (status, len(packed))
    peak_before = peak_mib()
    with raw_server(endless(head, packed, 1)) as server:
        tracemalloc.reset_peak()
        run = run_target(MESSAGES, api_url=server.url, max_retries=1)
    assert peak_mib() < 10 < peak_before, "the bomb itself was measured, so the measure works"
    assert_known(run, status)


def assert_known(run: Sent, status: int) -> None:
    """The status counts, whatever its body is."""
    if status == 200:
        assert run.error is None
        assert run.summary.startswith("1 created")
        assert run.states == [1]
    elif status == 400:
        assert run.error is None
        assert "1 rejected" in run.summary
        assert "the API refused it" in run.rejects[0]["reasons"][0]["rule"]
    else:
        assert "POST /leads answered 500" in str(run.error)
        assert "gave up after 2 tries" in str(run.error)
        assert run.states == []


@pytest.mark.parametrize(
    ("sent", "is_known"),
    [
        (b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n", True),
        (b'HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\n{"requestId":', True),
        (b"HTTP/1.1 201 Created\r\nContent-Type: app", False),
        (b"", False),
    ],
    ids=["headers", "half a body", "half the headers", "nothing"],
)
def test_silence_after_the_headers(run_target: TargetRunner, sent: bytes, *, is_known: bool) -> None:
    """Once the status has arrived, silence loses nothing: the lead is created. Before that, the policy decides."""
    over = threading.Event()

    def answer(server: RawServer, connection: socket.socket) -> None:
        server.send(connection, sent)
        over.wait(30)

    with raw_server(answer) as server:
        run = run_target(MESSAGES, api_url=server.url, request_timeout_seconds=1, on_unknown_outcome="reject")
        over.set()
    assert run.error is None
    assert run.states == [1]
    assert len(server.requests) == 1
    assert run.summary.startswith("1 created" if is_known else "0 created")
    assert len(run.rejects) == (0 if is_known else 1)


@pytest.mark.parametrize(
    ("head", "is_known"),
    [
        (b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n", True),
        (b"HTTP/1.1 201 Created\r\nX-Slow: ", False),
    ],
    ids=["body", "headers"],
)
def test_slow_answer_is_ended(
    run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch, head: bytes, *, is_known: bool
) -> None:
    """A byte now and then is not an answer: after a few time-outs the target continues with what it knows by then."""
    monkeypatch.setattr("seeker_leads_api.http.connections.MAX_TIMEOUTS_PER_ANSWER", 1)
    over = threading.Event()

    def answer(server: RawServer, connection: socket.socket) -> None:
        server.send(connection, head)
        for _ in range(200):  # long enough to detect a client without a deadline
            if over.wait(0.05):
                break
            server.send(connection, b"x")

    with raw_server(answer) as server:
        run = run_target(MESSAGES, api_url=server.url, request_timeout_seconds=1, on_unknown_outcome="reject")
        over.set()
    assert run.error is None
    assert run.states == [1]
    assert server.sent_bytes < 100 + len(head)
    assert run.summary.startswith("1 created" if is_known else "0 created")
    assert len(run.rejects) == (0 if is_known else 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_never_gets_token_or_lead(run_target: TargetRunner, status: int) -> None:
    """A redirect to another host is not followed: it gets neither token nor lead, and the run says what to check."""
    with raw_server(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"{}", 1)) as elsewhere:
        head = b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nLocation: %s/leads\r\n\r\n" % (status, elsewhere.url.encode())
        with raw_server(endless(head, b"", 0)) as server:
            run = run_target(MESSAGES, api_url=server.url)
    assert elsewhere.requests == []
    assert len(server.requests) == 1
    assert "the API does not redirect" in str(run.error)
    assert run.states == []
    assert run.rejects == []


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70000, b"\0" * 70000],
    ids=["1000 headers", "long header", "no HTTP"],
)
def test_headers_that_cannot_be_read(run_target: TargetRunner, head: bytes) -> None:
    """If not even the status can be read, the lead may exist: `reject` keeps it, without a traceback.

    It is kept at once or, if the run ends because of it, by the next run; it is never sent a second time.
    """
    with raw_server(endless(head, b"", 0)) as server:
        run = run_target(MESSAGES, api_url=server.url, on_unknown_outcome="reject")
        again = run_target(MESSAGES, api_url=server.url, on_unknown_outcome="reject")
    assert run.error is None or "cannot be read" in str(run.error)
    assert (run.states, len(run.rejects)) == (([], 0) if run.error else ([1], 1))
    assert again.error is None
    assert again.states == [1]
    (letter,) = again.rejects
    assert letter["record"] == MESSAGES[1]["record"]
    assert "may or may not exist" in letter["reasons"][0]["rule"]
    assert len(server.requests) == 1
    assert "Traceback" not in "\n".join([*run.log, *again.log])


BODIES_WITHOUT_DETAILS = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"5",
    b"{}",
    b'{"requestId": 5}',
    b'{"requestId": null}',
    b'{"requestId": {"requestId": "x"}}',
    b'{"requestId": "a\\u0000b"}',
    b'{"requestId": "a\\nb"}',
    b'{"requestId": "\\ud800"}',
    b'{"requestId": "' + b"x" * 100_000 + b'"}',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"requestId":' * 100_000,
    b"9" * 100_000,
]


@pytest.mark.parametrize("body", BODIES_WITHOUT_DETAILS, ids=lambda body: body[:25].decode("latin-1"))
def test_answer_of_the_wrong_type_still_created_the_lead(
    run_target: TargetRunner, sandbox: Sandbox, body: bytes
) -> None:
    """A 200 with any body means that the lead exists: it counts as created, and the next run does not send it again."""
    sandbox.script(on_post(FaultKind.STATUS, status=200, body=body))
    run = run_target(MESSAGES)
    assert run.error is None
    assert run.summary.startswith("1 created")
    assert run.states == [1]
    assert run_target(MESSAGES).summary.startswith("0 created, 1 skipped as delivered before")


@pytest.mark.parametrize("status", [200, 400])
def test_request_id_that_the_database_cannot_store_is_dropped(
    run_target: TargetRunner, sandbox: Sandbox, empty_postgres: str, status: int
) -> None:
    """PostgreSQL does not accept NUL: a request id with one is dropped, and the lead still counts as sent."""
    body = '{"type": "x", "title": "No", "status": 400, "requestId": "a\\u0000b"}'
    sandbox.script(on_post(FaultKind.STATUS, status=status, body=body))
    run_target([SCHEMA, record(1), state(1)], ledger_url=empty_postgres)
    run = run_target([SCHEMA, record(1), state(1)], ledger_url=empty_postgres)
    assert run.summary.startswith("0 created")
    assert sandbox.statistics.requests == 1


@pytest.mark.parametrize(
    "errors",
    [None, 5, "x", [5, None, "x"], [{}], [{"name": 5, "reason": None}], {"a": 1}, [[]], [{"name": "x" * 10_000}]],
    ids=lambda errors: json.dumps(errors)[:25],
)
def test_refusal_of_the_wrong_type_is_a_reject(run_target: TargetRunner, sandbox: Sandbox, errors: object) -> None:
    """A 400 whose `errors` are of any type is a reject with a reason, and the leads around it arrive."""
    body = json.dumps({"type": 5, "title": "No", "status": "x", "detail": [], "errors": errors})
    sandbox.script(on_post(FaultKind.STATUS, status=400, body=body, times=1))
    run = run_target([SCHEMA, record(1), record(2), state(1)], max_concurrent_requests=1)
    assert run.error is None
    assert run.states == [1]
    assert len(sandbox.created) == 1
    assert all(reason["rule"] for reason in run.rejects[0]["reasons"])
