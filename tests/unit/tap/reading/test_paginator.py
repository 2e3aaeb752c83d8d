from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_api.http.rate_limiter import RateLimiter
from tap_seeker_leads.reading.page_request import PageRequest
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import Window
from tests.lead_answers import answer, linked, more, short

if TYPE_CHECKING:
    import requests

FIRST, SECOND = Window(0, 10), Window(10, 20)


LIMITER = RateLimiter(10, 0.2, 10)


def paginator(*windows: Window, read: list[Window] | None = None) -> LeadsPaginator:
    note = (read if read is not None else []).append
    return LeadsPaginator(WindowPlan(windows), limiter=LIMITER, on_window_read=note)


LAST = short("last")
EMPTY = answer(200, {"items": []})
NOT_FOUND = answer(404, {"type": "about:blank", "title": "Not found"})
NO_CONTENT = answer(204, {})


def test_cursor_leads_through_a_window_then_the_next_opens() -> None:
    """Pages follow the cursor to the end of a window; the next window starts without a cursor."""
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
def test_repeated_cursor_is_an_error(cursors: list[str]) -> None:
    """A repeated cursor would never end, so it is an error, and the window stays unread."""
    read: list[Window] = []
    way = paginator(FIRST, read=read)
    for cursor in cursors[:-1]:
        way.advance(more(cursor))
    with pytest.raises(FatalError, match="the same cursor twice"):
        way.advance(more(cursors[-1]))
    assert read == []


@pytest.mark.parametrize("end", [NOT_FOUND, linked(200)], ids=["404", "empty, with its own link"])
def test_link_on_the_last_page_leads_to_the_end(end: requests.Response) -> None:
    """A server may send a link with every page: if it came with 200 and nothing follows, the window is read."""
    read: list[Window] = []
    way = paginator(FIRST, read=read)
    way.advance(linked(200, "a"))
    way.advance(end)
    assert (way.finished, read) == (True, [FIRST])


def test_same_lead_may_be_a_cursor_in_two_windows() -> None:
    """Only a cursor that repeats within a window is an error; neighbouring windows may share the lead on their seam."""
    way = paginator(FIRST, SECOND)
    for response in (more("a"), LAST, more("a"), LAST):
        way.advance(response)
    assert way.finished


@pytest.mark.parametrize("missing", [NOT_FOUND, NO_CONTENT, EMPTY, answer(200, {"items": None})])
def test_announced_page_that_is_missing_is_not_the_end(missing: requests.Response) -> None:
    """An empty page that the API announced leaves the window unread; an empty page that the tap guessed is the end."""
    way = paginator(FIRST)
    way.advance(more("a"))
    with pytest.raises(FatalError, match="announced"):
        way.advance(missing)
    guessed = paginator(FIRST)
    guessed.advance(short("a", "b"))
    guessed.advance(missing)
    assert guessed.finished


@pytest.mark.parametrize(
    "behind", [NOT_FOUND, NO_CONTENT, EMPTY, short("a"), None], ids=["404", "204", "200", "same", "400"]
)
def test_proved_end_of_a_page_holds_for_smaller_pages(behind: requests.Response | None) -> None:
    """If nothing shows how a window ends, a page is the last if nothing followed a larger page."""
    read: list[Window] = []
    way = paginator(FIRST, SECOND, read=read)
    way.advance(short("z", "a"))
    assert (way.current_value, read) == (PageRequest(FIRST, "a", is_end_check=True), [])
    if behind is None:
        way.end_confirmed()
    else:
        assert way.new_page(behind).leads == []
        way.advance(behind)
    assert (way.current_value, read) == (PageRequest(SECOND), [FIRST])
    way.advance(short("b"))
    assert (way.finished, read) == (True, [FIRST, SECOND])


@pytest.mark.parametrize("page", [short("c", "d"), short("c", "d", "e")], ids=["as large", "larger"])
def test_page_that_may_be_capped_is_checked(page: requests.Response) -> None:
    """A server's cap may equal the size of the proved page: the page after one as large, or larger, is requested."""
    way = paginator(FIRST, SECOND)
    for response in (short("a", "b"), EMPTY, page):
        way.advance(response)
    assert way.current_value is not None
    assert way.current_value.is_end_check


@pytest.mark.parametrize("sign", [more("x"), linked(200, "x")], ids=["206", "link"])
def test_short_page_is_the_last_once_a_sign_was_seen(sign: requests.Response) -> None:
    """A server that sends links or 206 says itself when a window continues, so no window costs an extra request."""
    way = paginator(FIRST, SECOND)
    for response in (sign, LAST, short("b")):
        way.advance(response)
    assert way.finished


def test_every_window_is_checked_after_a_short_page_that_was_not_the_last() -> None:
    """If a server caps pages or omits leads, every window is read on until an answer has nothing new."""
    way = paginator(FIRST, SECOND)
    given: list[str] = []
    answers = [short("a"), short("b"), short("b", "c"), short("b"), short("x"), short("y"), NOT_FOUND]
    for response in answers:
        given += [lead.lead_id for lead in way.new_page(response).leads]
        way.advance(response)
    assert (way.finished, given) == (True, ["a", "b", "c", "x", "y"])


@pytest.mark.parametrize("metadata", [{"count": 3}, {"total": 3}, {"count": 1, "totalCount": 3}])
@pytest.mark.parametrize("first", [[], [more("z")]], ids=["no sign", "206 seen"])
def test_window_with_fewer_leads_than_counted_is_an_error(
    metadata: dict[str, int], first: list[requests.Response]
) -> None:
    """If `metadata` counts more leads than came, the tap requests the rest; if some stay missing, it is an error."""
    for rest in (EMPTY, short("a", **metadata), None):
        read: list[Window] = []
        way = paginator(FIRST, read=read)
        for response in [*first, short("a", **metadata)]:
            way.advance(response)
        assert way.current_value == PageRequest(FIRST, "a", is_end_check=True)
        with pytest.raises(FatalError, match=r"returned \d leads .* counts 3"):
            way.end_confirmed() if rest is None else way.advance(rest)
        assert read == []
    whole = paginator(FIRST)
    for response in [*first, short("a", **metadata), short("b", "c", **metadata), EMPTY]:
        whole.advance(response)
    assert whole.finished


def test_empty_list_of_a_window_that_counts_leads_is_an_error() -> None:
    """A page without leads is not an empty period if `metadata` counts some."""
    with pytest.raises(FatalError, match="returned 0 leads"):
        paginator(FIRST).advance(short(count=2))
