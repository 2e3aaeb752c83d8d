"""Whatever a server says: a clear error or a counted skip; no hang, no defect, no bookmark past what was not read."""

from __future__ import annotations

import gc
import gzip
import itertools
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from seeker_leads_api import patience, session
from seeker_leads_api.errors import FatalError
from tap_seeker_leads import paginator
from tap_seeker_leads.schema import leads_schema
from tests.conftest import NOW
from tests.hostile_server import Asked, HostileServer, http, lead, page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from tests.conftest import Run, TapRunner

    Answer = Callable[[HostileServer], Iterable[bytes]]

MIB = 1 << 20
ZEROS = b"0" * MIB
#: A hundred MiB from a hundred KiB: members of a gzip file may follow each other.
BOMB = gzip.compress(ZEROS * 10) * 10
# urllib3 leaves a connection to the garbage collector where it cannot make sense of the headers.
LEFT_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
RUN: dict[str, Any] = {"start_date": "2026-11-20", "max_retries": 0, "request_timeout_seconds": 1}


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def refused(run: Run) -> str:
    """The run ended with an error of ours in one line, and nothing counts as read."""
    assert isinstance(run.error, FatalError)
    assert run.bookmark is None
    message = str(run.error)
    assert "\n" not in message
    assert len(message) < 500
    return message


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


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("status", [200, 500])
def test_body_beyond_every_size_ends_the_run(
    run_tap: TapRunner, body: Callable[[], Iterable[bytes]], status: int
) -> None:
    """A body of 100 MiB, packed or not, of a page or of an error, is not read to its end, and not asked for again."""

    def answer(_: Asked) -> Iterator[bytes]:
        return (piece.replace(b"HTTP/1.1 200", b"HTTP/1.1 %d" % status) for piece in body())

    with HostileServer(answer) as server:
        message = refused(run_tap(api_url=server.url, **RUN | {"max_retries": 3}))
    assert f"more than {session.MOST_BODY_BYTES // MIB} MiB" in message
    assert len(server.asked) == 1


def test_memory_stays_flat_under_a_bomb(tmp_path: Path) -> None:
    """A GiB out of a MiB costs the program no more memory than the bound on a body, and one line."""
    bomb = gzip.compress(ZEROS * 10) * 100
    with HostileServer(lambda _: http(bomb, Content_Encoding="gzip")) as server:
        week = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 5 * 86_400))
        config = {"api_url": server.url, "auth_token": "none", "start_date": week}
        (tmp_path / "config.json").write_text(json.dumps(config))
        # Of all measures of a process this one alone starts anew with a new program.
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
    assert int(peak[1]) < 150 * 1024


def endless(kind: str) -> Callable[[Asked], list[bytes]]:
    def answer(asked: Asked) -> list[bytes]:
        number = asked.number
        items = {
            "the same leads": [lead("a"), lead("b")],
            "no leads": [],
            "new leads": [lead(f"lead-{number}")],
            "the same cursor": [lead(f"lead-{number}")],
        }[kind]
        return http(page(items, "same" if kind == "the same cursor" else f"c{number}"), status=206)

    return answer


@pytest.mark.parametrize(
    ("kind", "most_requests"), [("the same leads", 150), ("no leads", 150), ("new leads", 60), ("the same cursor", 3)]
)
def test_links_without_end_end_the_run(
    run_tap: TapRunner, monkeypatch: pytest.MonkeyPatch, kind: str, most_requests: int
) -> None:
    """A window that leads on for ever, in whatever way, ends the run with an error, and counts as unread."""
    monkeypatch.setattr(paginator, "MOST_PAGES_A_WINDOW", 50)
    with HostileServer(endless(kind)) as server:
        message = refused(run_tap(api_url=server.url, **RUN))
    assert "leads in a circle" in message or "without end" in message
    assert len(server.asked) <= most_requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(run_tap: TapRunner, status: int) -> None:
    """A thousand redirects are one: the run ends at the first, whose target is never asked."""
    with HostileServer(lambda asked: http(status=status, Location=f"/v1/leads?n={asked.number}")) as server:
        assert f"answered {status}" in refused(run_tap(api_url=server.url, **RUN))
    assert len(server.asked) == 1


@pytest.mark.parametrize("place", ["leads", "token"])
@pytest.mark.parametrize("status", [302, 307, 308])
def test_nothing_secret_travels_to_another_host(run_tap: TapRunner, place: str, status: int) -> None:
    """A redirect to another host, of the API or of the token's: it is never asked, so it gets no token or secret."""
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


def test_next_link_to_another_host_is_only_a_cursor(run_tap: TapRunner) -> None:
    """Of a `next` link to somebody else, the cursor alone counts: the token goes to `api_url`."""
    with HostileServer(lambda _: http()) as thief:
        first = json.dumps({"links": {"next": f"{thief.url}/leads?start=a"}, "items": [lead("a")]})
        with HostileServer(lambda asked: http(page([lead("b")]) if "start" in asked.query else first)) as server:
            run = run_tap(api_url=server.url, **RUN)
    assert (run.error, sorted(run.ids)) == (None, ["a", "b"])
    assert thief.asked == []
    assert [asked.query.get("start") for asked in server.asked] == [None, "a"]


@pytest.mark.parametrize("date", [None, -1, NOW - 10**8, NOW + 10**8])
def test_leads_without_a_usable_date_are_read_once(run_tap: TapRunner, date: int | None) -> None:
    """Where dates say nothing of a window's density, no reader cuts it: the same leads would come again and again."""
    first = page([lead("a", ingestionDate=date)], "a")
    with HostileServer(lambda asked: http(page([]) if "start" in asked.query else first)) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert run.error is None
    assert run.bookmark == "2026-11-23T08:00:00Z"
    assert len(server.asked) == 2


WRONG: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    1e300,
    10**30,
    "",
    "x",
    "\u0000",
    [],
    [None],
    [[]],
    {},
    {"x": 1},
    [{"x": {}}],
]


def paths(schema: dict[str, Any], *above: str) -> Iterator[tuple[str, ...]]:
    yield above
    for name, field in schema.get("properties", {}).items():
        yield from paths(field, *above, name)
    if "items" in schema:
        yield from paths(schema["items"], *above, "[]")


def with_value(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = [value] if name == "[]" else {name: value}
    return value


def test_wrong_types_in_every_field(run_tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    """Any value in any field costs no lead: each is put out once, and fits the schema; one without an id is counted."""
    parts = {name: field for name, field in leads_schema()["properties"].items() if "object" in field["type"]}
    parts["distributionType"] = leads_schema()["properties"]["distributionType"]
    places = [path for path in paths({"properties": parts}) if path and path[0] != "extra"]
    names = ("ingestionDate", "portal", "TTL", "leadCategory", "seekerIntention", "new")
    items: list[Any] = []
    for number, (path, value) in enumerate(itertools.product(places, WRONG)):
        items.append(lead(f"p{number}", ingestionDate=NOW - 100) | with_value(path, value))
    for number, (name, value) in enumerate(itertools.product(names, WRONG)):
        if name != "ingestionDate" or value not in (0, 1.5):  # leads of 1970 are not this run's
            items.append(lead(f"m{number}", **{name: value}))
    count = len(items)
    # Those that are no leads, each among leads: a page of nothing else would end the run.
    nobody = [*WRONG, *({"metadata": value} for value in WRONG), lead(""), {"metadata": {"leadId": {"a": 1}}}]
    pages = [
        page([*items[start : start + 90], *nobody[start // 90 : start // 90 + 1]], f"c{start}")
        for start in range(0, count, 90)
    ]
    skipped = min(len(pages), len(nobody))
    with HostileServer(
        lambda asked: http(
            pages[asked.number] if asked.number < len(pages) else page([]), 206 - 6 * (asked.number >= len(pages))
        )
    ) as server:
        run = run_tap(api_url=server.url, **RUN | {"max_concurrent_requests": 1})
    assert run.error is None
    assert count > 800
    assert len(run.ids) == len(set(run.ids)) == count
    assert f"{skipped} items without a `leadId` were skipped" in caplog.text
    validator = jsonschema.Draft7Validator(run.schema)
    for record in run.records:
        assert list(validator.iter_errors(record)) == []


DATES = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1",
    "-99999999999999999999",
    "253402300799",
    "253402300800",
    "1" * 400,
    "1e15",
    "0",
    "1.5",
    '"2026-11-20"',
    '"9999-12-31T23:59:59Z"',
    "true",
    "null",
    "[]",
    "{}",
]


@pytest.mark.parametrize("date", DATES, ids=lambda date: date[:12])
@pytest.mark.parametrize("field", ["ingestionDate", "TTL"])
def test_impossible_dates_cost_no_lead_and_move_no_bookmark(run_tap: TapRunner, date: str, field: str) -> None:
    """NaN, negative, the year 9999 and beyond: the lead and its neighbours arrive; the bookmark is the window's end."""
    odd = '{"metadata": {"leadId": "odd%d", "portal": "SLG-FRA", "' + field + '": ' + date + "}}"

    def answer(asked: Asked) -> list[bytes]:
        items = [odd % asked.number, json.dumps(lead(f"good{asked.number}", ingestionDate=NOW - 1000))]
        return http(f'{{"items": [{", ".join(items)}]}}', status=206 if asked.number < 3 else 200)

    with HostileServer(answer) as server:
        run = run_tap(
            api_url=server.url,
            **RUN | {"max_concurrent_requests": 2},
        )
    assert run.error is None
    good = {lead_id for lead_id in run.ids if lead_id.startswith("good")}
    assert good >= {f"good{number}" for number in range(4)}
    # What lies before the start is not this run's.
    is_early = field == "ingestionDate" and date in {"0", "1.5"}
    assert any(lead_id.startswith("odd") for lead_id in run.ids) is not is_early
    assert run.bookmark == "2026-11-23T08:00:00Z"


def test_duplicate_ids_lose_nothing(run_tap: TapRunner) -> None:
    """The same `leadId` again, on a page or on several: every lead arrives at least once, and the run ends."""
    pages = [
        page([lead("a", ingestionDate=NOW - 900), lead("a", ingestionDate=NOW - 900), lead("b")], "b"),
        page([lead("a", ingestionDate=NOW - 800), lead("c", ingestionDate=NOW - 700)], "c"),
        page([lead("a"), lead("d")]),
    ]
    with HostileServer(lambda asked: http(pages[asked.number], 200 if asked.number == 2 else 206)) as server:
        run = run_tap(api_url=server.url, **RUN | {"max_concurrent_requests": 1})
    assert run.error is None
    assert set(run.ids) == {"a", "b", "c", "d"}


NO_PAGES = {
    "nothing": "",
    "no items": '{"links": {}}',
    "null items": '{"items": null}',
    "object": '{"items": {"0": {}}}',
    "text": '{"items": "none"}',
    "number": '{"items": 0}',
    "nothing but lists": '{"items": [[], []]}',
    "no JSON at all": "\x00" * 1000,
    "too deep": "[" * 100_000,
    "too deep in a lead": '{"items": [{"metadata": {"leadId": "a", "x": ' + "[" * 99_999 + "]" * 99_999 + "}}]}",
    "too deep in the links": '{"items": [], "links": ' + "[" * 99_999 + "]" * 99_999 + "}",
    "too large a number": '{"items": [{"metadata": {"leadId": ' + "1" * 5000 + "}}]}",
    "two documents": '{"items": []}{"items": []}',
}


@pytest.mark.parametrize("body", NO_PAGES.values(), ids=NO_PAGES)
def test_answer_that_is_no_page_ends_the_run(run_tap: TapRunner, body: str) -> None:
    """What holds no list of leads is never an empty period, however it is broken."""
    with HostileServer(lambda _: http(body)) as server:
        assert "GET /leads" in refused(run_tap(api_url=server.url, **RUN | {"max_retries": 1}))
    assert 1 <= len(server.asked) <= 2


GARBAGE: dict[str, bytes] = {
    "closes at once": b"",
    "no HTTP": b"\x16\x03\x01 hello\r\n\r\n",
    "status of three letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 99999": b"HTTP/1.1 99999 OK\r\n\r\n",
    "status 999": b"HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n",
    "endless line": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "endless headers": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n",
    "header without a colon": b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
    "length that is none": HEAD + b"Content-Length: many\r\n\r\n{}",
    "negative length": HEAD + b"Content-Length: -5\r\n\r\n{}",
    "two lengths": HEAD + b"Content-Length: 2, 7\r\n\r\n{}",
    "length of a petabyte": HEAD + b"Content-Length: 1000000000000000\r\n\r\n{}",
    "chunk of nonsense": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "chunk of a petabyte": HEAD + b"Transfer-Encoding: chunked\r\n\r\n38D7EA4C68000\r\n{}\r\n",
    "gzip of nonsense": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "packed twenty times": HEAD + b"Content-Encoding: " + b"gzip, " * 20 + b"gzip\r\nContent-Length: 2\r\n\r\n{}",
    "unknown packing": HEAD + b"Content-Encoding: secret\r\nContent-Length: 2\r\n\r\n{}",
    "text in no alphabet": b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=none\r\n\r\n\xff\xfe",
    "redirect to nowhere": b"HTTP/1.1 302 Found\r\nLocation: \xff\xfe://[\r\nContent-Length: 0\r\n\r\n",
    "odd retry-after": b"HTTP/1.1 429 No\r\nRetry-After: " + b"9" * 400 + b"\r\nContent-Length: 0\r\n\r\n",
    "negative retry-after": b"HTTP/1.1 503 No\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n",
    "switches protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: none\r\n\r\n",
    "goes on for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 2000,
}


@LEFT_OPEN
@pytest.mark.parametrize("place", ["leads", "token"])
@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE)
def test_garbage_in_place_of_an_answer_ends_the_run(run_tap: TapRunner, said: bytes, place: str) -> None:
    """What is no proper HTTP, or no proper answer in it, is an error that names the request: a page's or a token's."""
    with HostileServer(lambda _: [said]) as server:
        settings: dict[str, Any] = {"api_url": server.url, **RUN}
        if place == "token":
            settings |= {
                "auth_token": None,
                "client_id": "me",
                "client_secret": "me",
                "auth_url": f"{server.url}/token",
            }
        message = refused(run_tap(**settings))
    assert ("GET /leads" if place == "leads" else "token") in message
    gc.collect()  # within this test, so that the warning is not another one's


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
    """Silence is borne for one time-out, and an answer that drips for a few: then the attempt has failed."""
    monkeypatch.setattr(patience, "MOST_TIMEOUTS_AN_ANSWER", 0.3)
    began = time.monotonic()
    server = HostileServer(lambda _: body_of(server, kind))
    with server:
        settings: dict[str, Any] = {"api_url": server.url, **RUN}
        if place == "token":
            settings |= {
                "auth_token": None,
                "client_id": "me",
                "client_secret": "me",
                "auth_url": f"{server.url}/token",
            }
        message = refused(run_tap(**settings))
    assert "no answer within 1 s" in message
    assert time.monotonic() - began < 5
