from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from seeker_leads_api.errors import FatalError
from seeker_leads_api.http.rate_limiter import RateLimiter
from tap_seeker_leads.reading.paginator import LeadsPaginator, PageRequest
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import Window

FIRST, SECOND = Window(0, 10), Window(10, 20)


def paginator(*windows: Window, read: list[Window] | None = None) -> LeadsPaginator:
    note = (read if read is not None else []).append
    return LeadsPaginator(WindowPlan(windows), limiter=RateLimiter(10, 0.2, 10), on_window_read=note)


def answer(status: int, body: dict[str, Any]) -> requests.Response:
    result = requests.Response()
    result.status_code = status
    result._content = json.dumps(body).encode()
    result.request = requests.Request("GET", "https://api/leads", params={"limit": 1}).prepare()
    return result


def more(cursor: str) -> requests.Response:
    return answer(206, {"items": [{"metadata": {"leadId": cursor}}]})


LAST = answer(200, {"items": []})
NOT_FOUND = answer(404, {"type": "about:blank", "title": "Not found"})
NO_CONTENT = answer(204, {})


def test_cursor_leads_through_a_window_then_the_next_opens() -> None:
    """Pages follow the cursor to the end of a window; then the next window starts without one."""
    read: list[Window] = []
    way = paginator(FIRST, SECOND, read=read)
    seen = [way.current_value]
    for response in (more("a"), more("b"), LAST, NOT_FOUND):
        assert not way.finished
        way.advance(response)
        seen.append(way.current_value)
    assert seen == [PageRequest(FIRST), PageRequest(FIRST, "a"), PageRequest(FIRST, "b"), PageRequest(SECOND), None]
    assert way.finished
    assert (way.count, read) == (4, [FIRST, SECOND])


def test_nothing_to_read_is_finished_at_once() -> None:
    """A span without windows costs no request."""
    assert paginator().finished


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
def test_circle_is_an_error(cursors: list[str]) -> None:
    """A cursor that comes back would lead on for ever: the window counts as unread."""
    read: list[Window] = []
    way = paginator(FIRST, read=read)
    for cursor in cursors[:-1]:
        way.advance(more(cursor))
    with pytest.raises(FatalError, match="circle"):
        way.advance(more(cursors[-1]))
    assert read == []


def linked(status: int, *leads: str) -> requests.Response:
    items = [{"metadata": {"leadId": lead}} for lead in leads]
    return answer(status, {"items": items, "links": {"next": "/leads?start=a"}})


@pytest.mark.parametrize("end", [NOT_FOUND, linked(200)], ids=["404", "empty, with its own link"])
def test_link_on_the_last_page_leads_to_the_end(end: requests.Response) -> None:
    """A server may give a link with every page: where 200 came with it and nothing follows, the window is read."""
    read: list[Window] = []
    way = paginator(FIRST, read=read)
    way.advance(linked(200, "a"))
    way.advance(end)
    assert (way.finished, read) == (True, [FIRST])


def test_same_lead_may_be_a_cursor_in_two_windows() -> None:
    """A circle is one within a window; neighbours may share the lead on their seam."""
    way = paginator(FIRST, SECOND)
    for response in (more("a"), LAST, more("a"), LAST):
        way.advance(response)
    assert way.finished


@pytest.mark.parametrize("missing", [NOT_FOUND, NO_CONTENT, answer(200, {"items": None})])
def test_announced_page_that_is_missing_is_not_the_end(missing: requests.Response) -> None:
    """No leads for a page that the API announced leave the window unread; for one that we guessed they are the end."""
    way = paginator(FIRST)
    way.advance(more("a"))
    with pytest.raises(FatalError, match="announced"):
        way.advance(missing)
    guessed = paginator(FIRST)
    guessed.advance(answer(200, {"items": [{"metadata": {"leadId": "a"}}]}))
    guessed.advance(missing)
    assert guessed.finished
