"""An interim answer (1xx) announces the final answer, and only that one counts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.http import connections
from tests.hostile_server import RUN, HostileServer, http, lead, page, refused
from tests.singer_input import SCHEMA, record, state
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.tap_runs import TapRunner
    from tests.target_runs import Sent, TargetRunner

MESSAGES: list[dict[str, Any]] = [SCHEMA, record(1), state(1)]
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
PROCESSING = b"HTTP/1.1 102 Processing\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: none\r\n\r\n"

INTERIM = pytest.mark.parametrize(
    "interim", [EARLY_HINTS, PROCESSING, CONTINUE + EARLY_HINTS * 3 + CONTINUE], ids=["103", "102", "several"]
)


def posted(run_target: TargetRunner, answer: Iterable[bytes], **settings: Any) -> tuple[Sent, int]:
    """Send a lead to a server with this answer; return the run and the number of requests."""
    with HostileServer(lambda _: answer) as server:
        run = run_target(MESSAGES, api_url=server.url, on_unknown_outcome="reject", **settings)
    return run, len(server.asked)


def assert_lost(run: Sent) -> None:
    assert (run.error, run.states) == (None, [1])
    assert "may or may not exist" in run.rejects[0]["reasons"][0]["rule"]


@INTERIM
def test_answer_to_a_post_comes_after_interim_ones(run_target: TargetRunner, interim: bytes) -> None:
    """A 200 after a 103 created the lead: it is not sent again."""
    run, requests = posted(run_target, [interim, *http('{"requestId": "a"}')])
    assert (run.error, run.states, requests) == (None, [1], 1)
    assert run.summary.startswith("1 created")


@INTERIM
def test_answer_to_a_get_comes_after_interim_ones(run_tap: TapRunner, interim: bytes) -> None:
    """A page after a 103 is read."""
    answer = [interim, *http(page([lead("a", ingestionDate=NOW - 100)]))]
    with HostileServer(lambda _: answer) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert (run.error, run.ids) == (None, ["a"])


def test_interim_answers_without_end_are_given_up(
    run_target: TargetRunner, run_tap: TapRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that sends only interim answers is treated like a slow answer: for a POST, the answer is lost."""
    monkeypatch.setattr(connections, "MAX_TIMEOUTS_PER_ANSWER", 0.3)
    run, requests = posted(run_target, itertools.repeat(EARLY_HINTS), request_timeout_seconds=1)
    assert_lost(run)
    assert requests == 1
    with HostileServer(lambda _: itertools.repeat(EARLY_HINTS)) as server:
        message = refused(run_tap(**RUN | {"api_url": server.url, "request_timeout_seconds": 1}))
    assert "no answer within 1 s" in message


@pytest.mark.parametrize("answer", [EARLY_HINTS, EARLY_HINTS[:-2], SWITCHING], ids=["103", "half a 103", "101"])
def test_interim_answer_alone_is_a_lost_one(run_target: TargetRunner, answer: bytes) -> None:
    """If the final answer is missing, or belongs to something else, it is unknown whether the lead was created."""
    run, requests = posted(run_target, [answer])
    assert_lost(run)
    assert requests == 1
