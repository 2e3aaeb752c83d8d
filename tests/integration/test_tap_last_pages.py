"""Servers that give no sign of a window's end, or a wrong one: a missing sign never counts as the end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_sandbox import SandboxOptions
from tests.hostile_server import RUN, Asked, HostileServer, http, lead, page, refused
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tap_runs import Clock, TapRunner

PROBLEM = '{"type": "about:blank", "title": "No", "status": %d}'
DAY = 86_400


def dated(name: str, age_seconds: int = 1000) -> dict[str, Any]:
    return lead(name, ingestionDate=NOW - age_seconds)


def answers(first: str, behind: list[bytes]) -> Callable[[Asked], list[bytes]]:
    return lambda asked: behind if "start" in asked.query else http(first)


BEHIND = {
    "empty": http(page([])),
    "null": http('{"items": null}'),
    "404": http(PROBLEM % 404, 404),
    "204": http(b"", 204),
    "400": http(PROBLEM % 400, 400),
    "422": http(PROBLEM % 422, 422),
    "the same leads": None,
}


@pytest.mark.parametrize("behind", BEHIND.values(), ids=BEHIND)
def test_check_of_the_end_is_never_an_error(run_tap: TapRunner, behind: list[bytes] | None) -> None:
    """With any answer to the request after the last lead, the window is read, and no lead is emitted twice."""

    def answer(asked: Asked) -> list[bytes]:
        if "start" in asked.query and behind is not None:
            return behind
        start = int(asked.query["minDate"])
        return http(page([lead(f"{name}{start}", ingestionDate=start + 1000) for name in "ab"]))

    with HostileServer(answer) as server:
        run = run_tap(api_url=server.url, **RUN | {"start_date": "2026-11-01"})
    assert run.error is None
    assert len(run.ids) == len(set(run.ids)) == 8
    assert run.bookmark == "2026-11-23T08:00:00Z"
    behind_ends = [asked.query["minDate"] for asked in server.asked if "start" in asked.query]
    assert len(behind_ends) == len(set(behind_ends)), "each window is asked once"


def test_lead_that_a_page_hides_is_read(run_tap: TapRunner) -> None:
    """A lead that a server omits from a page is found after that page; every window is then checked in this way."""
    leads = {"first": [], "a": [dated("b")], "b": []} | {"x": [dated("y", 8 * DAY)], "y": []}

    def answer(asked: Asked) -> list[bytes]:
        if "start" in asked.query:
            return http(page(leads[asked.query["start"]]))
        holds_now = int(asked.query["maxDate"]) >= NOW
        holds_x = int(asked.query["minDate"]) <= NOW - 8 * DAY < int(asked.query["maxDate"])
        return http(page([dated("a")] if holds_now else [dated("x", 8 * DAY)] if holds_x else []))

    for readers in (1, 10):
        with HostileServer(answer) as server:
            run = run_tap(api_url=server.url, **RUN | {"start_date": "2026-11-01", "max_concurrent_requests": readers})
        assert (run.error, sorted(run.ids)) == (None, ["a", "b", "x", "y"])


def test_fewer_leads_than_counted_leave_the_window_unread(run_tap: TapRunner) -> None:
    """If `metadata` counts more leads than came, the run ends, and the bookmark stays before the window."""
    body = json.dumps({"metadata": {"total": 3}, "links": {}, "items": [dated("a"), dated("b")]})
    with HostileServer(answers(body, http(PROBLEM % 404, 404))) as server:
        message = refused(run_tap(api_url=server.url, **RUN))
    assert "`metadata.total` counts 3" in message


def test_empty_page_after_a_206_leaves_the_window_unread(run_tap: TapRunner) -> None:
    """An empty list in place of an announced page is not the end of a window."""
    with HostileServer(
        lambda asked: http(page([])) if "start" in asked.query else http(page([dated("a")]), 206)
    ) as server:
        assert "announced" in refused(run_tap(api_url=server.url, **RUN))


@pytest.mark.parametrize(
    "link", ["?start=a%2Bz&start=b%2Bz", "?start=b+z", "?start=b%2Bz&start=a%2Bz", "?page=2", "?start=%FF"]
)
def test_ambiguous_link_loses_no_lead(run_tap: TapRunner, link: str) -> None:
    """After a link with a raw `+`, a repeated `start` or no valid URL, the window continues after the last lead."""

    def answer(asked: Asked) -> list[bytes]:
        following = {None: ("a+z", "?start=a%2Bz"), "a+z": ("b+z", link), "b+z": ("c+z", None)}
        name, href = following[asked.query.get("start")]
        links = {"next": href} if href else {}
        return http(json.dumps({"metadata": {}, "links": links, "items": [dated(name)]}))

    with HostileServer(answer) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert (run.error, run.ids) == (None, ["a+z", "b+z", "c+z"])


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(enforce_limit=False)], indirect=True)
def test_usual_runs_make_no_extra_request(run_tap: TapRunner, clock: Clock) -> None:
    """A run with nothing new makes one request; a run that saw a link or a 206 does not check the end of windows."""
    state = run_tap(start_date="2026-11-20").state
    run_tap.sandbox.statistics.reset()
    assert run_tap(state=state).ids == []
    assert run_tap.sandbox.statistics.requests == 1
    run_tap.sandbox.add_leads(ingestion_dates=[clock.now - 1000 + index for index in range(150)])
    run_tap.sandbox.statistics.reset()
    assert len(run_tap(state=state).ids) == 150
    assert run_tap.sandbox.statistics.requests == 2


def test_lead_outside_its_period_is_counted(run_tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    """A lead that is dropped because its date is before the requested period is counted in a warning."""
    start = NOW - 3 * DAY - 8 * 3600  # 2026-11-20
    items = [dated("a"), lead("old", ingestionDate=start - 500), lead("edge", ingestionDate=start - 1)]
    with HostileServer(answers(page(items), http(PROBLEM % 404, 404))) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert (run.error, run.ids) == (None, ["a"])
    assert "1 leads were skipped: their `ingestionDate` is before 2026-11-20T00:00:00Z" in caplog.text


def test_id_that_cannot_be_stored_is_counted_by_itself(run_tap: TapRunner, caplog: pytest.LogCaptureFixture) -> None:
    """A lead whose id cannot be stored blocks no week, even as its only lead."""
    with HostileServer(answers(page([dated("a\x00")]), http(PROBLEM % 404, 404))) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert (run.error, run.ids, run.bookmark) == (None, [], "2026-11-23T08:00:00Z")
    assert "1 items were skipped, since their `leadId` holds control characters" in caplog.text


def test_refused_first_page_is_still_an_error(run_tap: TapRunner) -> None:
    """A 400 means that nothing follows only after a page that may be the last."""
    with HostileServer(lambda _: http(PROBLEM % 400, 400)) as server:
        run = run_tap(api_url=server.url, **RUN)
    assert run.error is not None
    assert not isinstance(run.error, FatalError)
    assert run.bookmark is None
