"""For any answer, the tap gives a clear error or counts a skip; it never hangs, crashes or skips unread leads."""

from __future__ import annotations

import gc
import gzip
import itertools
import json
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.http import connections, session
from tests.hostile_server import RUN, Asked, HostileServer, http, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.tap_runs import TapRunner

    Answer = Callable[[HostileServer], Iterable[bytes]]

MIB = 1 << 20
READERS = 10  # as many as the tap has by default
ZEROS = b"0" * MIB
#: A hundred MiB from a hundred KiB: a gzip file may have several members.
BOMB = gzip.compress(ZEROS * 10) * 10
# urllib3 leaves a connection to the garbage collector if it cannot parse the headers.
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def asking(place: str, server: HostileServer) -> dict[str, Any]:
    """Return settings with which the tap first asks the server for leads, or for a token."""
    settings: dict[str, Any] = {"api_url": server.url}
    if place == "token":
        settings |= {"auth_token": None, "client_id": "me", "client_secret": "me", "auth_url": f"{server.url}/token"}
    return settings


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


BODIES: dict[str, Callable[[], Iterable[bytes]]] = {
    "100 MiB": lambda: [HEAD + b"Content-Length: %d\r\n\r\n" % (100 * MIB), *[ZEROS] * 100],
    "without a length": lambda: [HEAD + b"Connection: close\r\n\r\n", *[ZEROS] * 100],
    "chunked": lambda: chunked([ZEROS] * 100),
    "gzip bomb": lambda: http(BOMB, Content_Encoding="gzip"),
    "gzip bomb in chunks": lambda: [
        HEAD + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(BOMB), BOMB),
    ],
    "gzip bomb in gzip": lambda: http(gzip.compress(BOMB), Content_Encoding="gzip, gzip"),
}


@pytest.mark.parametrize("place", ["leads", "token"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("status", [200, 500])
def test_body_beyond_the_maximum_size_ends_the_run(
    run_tap: TapRunner, body: Callable[[], Iterable[bytes]], status: int, place: str
) -> None:
    """A body of 100 MiB, compressed or not, of a page, token or error, is not read to the end, nor requested again."""

    def answer(_: Asked) -> Iterator[bytes]:
        return (piece.replace(b"HTTP/1.1 200", b"HTTP/1.1 %d" % status) for piece in body())

    with HostileServer(answer) as server:
        message = refused(run_tap(**RUN | asking(place, server) | {"max_retries": 3}))
    assert f"more than {session.MAX_BODY_BYTES // MIB} MiB" in message
    assert len(server.asked) == 1


def test_memory_stays_flat_under_a_bomb(tmp_path: Path) -> None:
    """If ten readers get 1 GiB compressed to 1 MiB, memory grows by ten body limits, and the run ends with one line."""
    bomb = gzip.compress(ZEROS * 10) * 100
    all_have_asked = threading.Barrier(READERS)

    def answer(_: Asked) -> list[bytes]:
        all_have_asked.wait(60)
        return http(bomb, Content_Encoding="gzip")

    with HostileServer(answer) as server:
        months_ago = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 100 * 86_400))
        config = {"api_url": server.url, "auth_token": "none", "start_date": months_ago}
        (tmp_path / "config.json").write_text(json.dumps(config))
        # Only this measure of a process is reset when it starts a new program.
        code = (
            "import atexit, pathlib, sys; from tap_seeker_leads.tap import TapSeekerLeads as Tap\n"
            "status = pathlib.Path('/proc/self/status')\n"
            "atexit.register(lambda: sys.stderr.write(status.read_text()))\n"
            f"Tap.cli(['--config', {str(tmp_path / 'config.json')!r}])"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    peak = next(line.split() for line in ended.stderr.splitlines() if line.startswith("VmHWM:"))
    assert ended.returncode == 1
    assert "more than 16 MiB" in ended.stderr
    assert len(server.asked) == READERS
    # Besides the bodies: the chunks being read, compressed and not, and about 50 MiB for the program itself.
    assert int(peak[1]) * 1024 < READERS * (session.MAX_BODY_BYTES + 8 * MIB) + 80 * MIB


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(run_tap: TapRunner, status: int) -> None:
    """The run ends at the first of a thousand redirects, and never requests its target."""
    with HostileServer(lambda asked: http(status=status, Location=f"/v1/leads?n={asked.number}")) as server:
        assert f"answered {status}" in refused(run_tap(api_url=server.url, **RUN))
    assert len(server.asked) == 1


@pytest.mark.parametrize("place", ["leads", "token"])
@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_secret_is_sent_to_another_host(run_tap: TapRunner, place: str, status: int) -> None:
    """A redirect of the API or of the token endpoint to another host is not followed, so no token or secret leaks."""
    with HostileServer(lambda _: http('{"access_token": "stolen"}')) as thief:

        def answer(asked: Asked) -> list[bytes]:
            if asked.path.endswith("token") and place == "leads":
                return http('{"access_token": "a-token", "expires_in": 3600}')
            return http(status=status, Location=thief.url + "/token")

        with HostileServer(answer) as server:
            credentials: dict[str, Any] = {"auth_token": None, "client_id": "me", "client_secret": "a-secret"}
            run = run_tap(api_url=server.url, auth_url=f"{server.url}/token", **RUN, **credentials)
        message = refused(run)
    assert str(status) in message
    assert "a-token" not in message
    assert "a-secret" not in message
    assert thief.asked == []
    assert len(server.asked) == (2 if place == "leads" else 1)


GARBAGE: dict[str, bytes] = {
    "closes at once": b"",
    "not HTTP": b"\x16\x03\x01 hello\r\n\r\n",
    "status of three letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 99999": b"HTTP/1.1 99999 OK\r\n\r\n",
    "status 999": b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    "endless line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "header without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "length that is not a number": HEAD + b"Content-Length: many\r\n\r\n[]",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\n[]",
    "two lengths": HEAD + b"Content-Length: 2, 7\r\n\r\n{}",
    "length of a petabyte": HEAD + b"Content-Length: 1000000000000000\r\n\r\n{}",
    "invalid chunk size": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk of a petabyte": HEAD + b"Transfer-Encoding: chunked\r\n\r\n38D7EA4C68000\r\n{}\r\n",
    "invalid gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "compressed twenty times": HEAD + b"Content-Encoding: " + b"gzip, " * 20 + b"gzip\r\nContent-Length: 2\r\n\r\n{}",
    "unknown compression": HEAD + b"Content-Encoding: secret\r\nContent-Length: 2\r\n\r\n[]",
    "unknown charset": b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=none\r\n\r\n\xff\xfe",
    "invalid redirect": b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe://[\r\nContent-Length: 0\r\n\r\n",
    "oversized retry-after": b"HTTP/1.1 429 No\r\nRetry-After: " + b"9" * 400 + b"\r\nContent-Length: 0\r\n\r\n",
    "negative retry-after": b"HTTP/1.1 503 No\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n",
    "switches protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: none\r\n\r\n",
    "endless interim answers": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
}


@LEFT_OPEN
@pytest.mark.parametrize("place", ["leads", "token"])
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_in_place_of_an_answer_ends_the_run(run_tap: TapRunner, garbage: bytes, place: str) -> None:
    """Invalid HTTP, or an invalid answer in it, is an error that names the request, for a page or a token."""
    with HostileServer(lambda _: [garbage]) as server:
        settings = {**RUN, **asking(place, server)}
        message = refused(run_tap(**settings))
    assert ("GET /leads" if place == "leads" else "token") in message
    gc.collect()  # within this test, so that the warning belongs to it


def body_of(server: HostileServer, kind: str) -> Iterable[bytes]:
    spaces = itertools.repeat(b" ")
    long_head = HEAD + b"Content-Length: 1000000\r\n\r\n"
    kinds: dict[str, Callable[[], Iterable[bytes]]] = {
        "silent": server.silence,
        "silent after the status": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], server.silence()),
        "silent after the headers": lambda: itertools.chain([long_head], server.silence()),
        "silent in the body": lambda: itertools.chain([long_head + b'{"items": ['], server.silence()),
        "dripping status": lambda: server.drip(0.02, itertools.chain([b"HTTP/1.1 200 "], itertools.repeat(b"k"))),
        "dripping headers": lambda: server.drip(0.02, itertools.chain([HEAD], itertools.repeat(b"X: y\r\n"))),
        "dripping body": lambda: server.drip(0.02, itertools.chain([long_head], spaces)),
        "dripping chunks": lambda: server.drip(0.02, chunked(spaces)),
        "dripping chunk": lambda: server.drip(
            0.02, itertools.chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\nFFFFFF\r\n"], spaces)
        ),
        "dripping gzip": lambda: server.drip(
            0.02,
            itertools.chain(
                [HEAD + b"Content-Encoding: gzip\r\n\r\n", gzip.compress(b"")[:10]], itertools.repeat(b"\x00")
            ),
        ),
    }
    return kinds[kind]()


@pytest.mark.parametrize("place", ["leads", "token"])
@pytest.mark.parametrize(
    "kind",
    [
        "silent",
        "silent after the status",
        "silent after the headers",
        "silent in the body",
        "dripping status",
        "dripping headers",
        "dripping body",
        "dripping chunks",
        "dripping chunk",
        "dripping gzip",
    ],
)
def test_answer_that_never_ends_is_given_up(
    run_tap: TapRunner, monkeypatch: pytest.MonkeyPatch, kind: str, place: str
) -> None:
    """An attempt fails after one time-out of silence, or after a few time-outs of an answer that drips."""
    monkeypatch.setattr(connections, "MAX_TIMEOUTS_PER_ANSWER", 0.3)
    began = time.monotonic()
    server = HostileServer(lambda _: body_of(server, kind))
    with server:
        settings = {**RUN, **asking(place, server), "request_timeout_seconds": 1}
        message = refused(run_tap(**settings))
    assert "no answer within 1 s" in message
    assert time.monotonic() - began < 5
