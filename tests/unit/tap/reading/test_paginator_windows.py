"""How readers share the limiter and the windows, and what holds from one page of a window to the next."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_api.http.rate_limiter import RateLimiter
from tap_seeker_leads.reading.page_request import PageRequest
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import Window
from tests.lead_answers import answer, dated, linked, more, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

FIRST, SECOND = Window(0, 10), Window(10, 20)
#: The first of its leads are dated 1,500: a twentieth of it.
DENSE = Window(1_000, 11_000)
EMPTY = answer(200, {"items": []})


class CountingLimiter(RateLimiter):
    """Counts the permits that are held."""

    def __init__(self) -> None:
        super().__init__(10, 0.2, 10)
        self.held = self.taken = 0

    @contextmanager
    def attempt(self) -> Iterator[None]:
        self.held += 1
        self.taken += 1
        yield
        self.held -= 1


def paginator(*windows: Window, limiter: RateLimiter | None = None, idle: int = 0) -> tuple[LeadsPaginator, WindowPlan]:
    plan = WindowPlan(windows, idle_readers=lambda: idle)
    return LeadsPaginator(plan, limiter=limiter or CountingLimiter(), on_window_read=lambda _: None), plan


def test_every_try_holds_a_permit() -> None:
    """A request is made only with a permit of the limiter, which is held until its answer is read."""
    limiter = CountingLimiter()
    way, _ = paginator(FIRST, limiter=limiter)
    for number in (1, 2):
        with way.attempt() as request:
            assert (request, limiter.held, limiter.taken) == (PageRequest(FIRST), 1, number)
        assert limiter.held == 0


def test_nothing_is_requested_after_the_last_page() -> None:
    """When no page is left, a try is an error, and takes no permit."""
    limiter = CountingLimiter()
    way, _ = paginator(limiter=limiter)
    with pytest.raises(ValueError, match="no page is left"), way.attempt():
        pass
    assert limiter.taken == 0


def test_last_page_may_be_looked_at_again() -> None:
    """After the last page of the last window, its leads can still be had, and nothing follows."""
    way, _ = paginator(FIRST)
    for response in (short("a"), EMPTY, short("b")):
        way.advance(response)
    assert way.finished
    assert [lead.lead_id for lead in way.new_page(short("a")).leads] == ["a"]
    assert way.get_next(more("c")) is None


def test_only_behind_a_page_that_may_be_the_last_are_leads_left_out() -> None:
    """A server may answer a request behind the last lead with the last page again, but any other page counts whole."""
    page = short(*"abcdefghi")
    way, _ = paginator(FIRST)
    way.advance(page)
    assert way.current_value == PageRequest(FIRST, "i")
    assert way.new_page(page).size == 9
    way.advance(short("j"))
    assert way.current_value == PageRequest(FIRST, "j", is_end_check=True)
    assert [lead.lead_id for lead in way.new_page(short("i", "j", "k")).leads] == ["k"]


def test_items_of_a_page_that_comes_again_are_not_counted_again() -> None:
    """Behind a page that may be the last, only new leads count: neither its size nor its unusable ids."""
    way, _ = paginator(FIRST)
    way.advance(short("a"))
    page = way.new_page(short("a", "b", "bad\x00"))
    assert (page.size, page.altered_ids) == (1, 0)


def test_empty_period_costs_one_request() -> None:
    """A window whose first page is empty is read."""
    way, _ = paginator(FIRST)
    way.advance(EMPTY)
    assert way.finished


def test_larger_page_proves_nothing_once_the_server_hid_leads() -> None:
    """If leads followed a page that looked like the last, every page is checked, however small."""
    way, _ = paginator(FIRST, SECOND)
    for response in (short("a", "b"), short("c", "d", "e"), EMPTY, short("x")):
        way.advance(response)
    assert way.current_value == PageRequest(SECOND, "x", is_end_check=True)


def test_link_is_followed_without_an_announcement() -> None:
    """A link is the way to the next page, even with 200 and to a lead that the page does not hold."""
    way, _ = paginator(FIRST)
    way.advance(linked(200, "a", to="z"))
    assert way.current_value == PageRequest(FIRST, "z")


@pytest.mark.parametrize("status", [200, 206])
def test_only_an_announced_page_ends_the_doubt(status: int) -> None:
    """Behind a page that may be the last, a link may lead to known leads; a page that 206 announces has new ones."""
    way, _ = paginator(FIRST)
    way.advance(short("a"))
    way.advance(linked(status, "c", to="z"))
    assert way.current_value == PageRequest(FIRST, "z", is_end_check=status == 200)


def test_cursor_that_the_tap_chose_counts_as_repeated() -> None:
    """A link back to a lead after which the tap already asked would never end."""
    way, _ = paginator(FIRST)
    way.advance(short("a"))
    with pytest.raises(FatalError, match="the same cursor twice"):
        way.advance(linked(206, "b", to="a"))


def test_count_of_the_first_page_holds_for_the_window() -> None:
    """If only the first page counts the leads of the window, they must still all come."""
    way, _ = paginator(FIRST)
    way.advance(more("a", total=3))
    way.advance(short("b"))
    assert way.current_value == PageRequest(FIRST, "b", is_end_check=True)
    with pytest.raises(FatalError, match="counts 3"):
        way.advance(EMPTY)


@pytest.mark.parametrize("idle", [1, 3])
def test_dense_window_is_cut_for_idle_readers(idle: int) -> None:
    """Each idle reader gets a part; this reader keeps the first one, and its cursor."""
    way, plan = paginator(DENSE, idle=idle)
    way.advance(dated(206, 1_200, 1_500))
    assert (len(plan), plan.total) == (idle, idle + 1)
    assert way.current_value is not None
    parts = [way.current_value.window, *(plan.take() for _ in range(idle))]
    assert way.current_value.cursor == "lead-1500"
    assert [part.start for part in parts if part] == [DENSE.start, *(part.end for part in parts[:-1] if part)]
    assert parts[-1] is not None
    assert parts[-1].end == DENSE.end


@pytest.mark.parametrize(
    ("idle", "first"),
    [
        pytest.param(0, dated(206, 1_500), id="no reader is idle"),
        pytest.param(3, more("a"), id="no lead has a date"),
        pytest.param(3, dated(206, 1_000), id="all of one second"),
        pytest.param(3, dated(206, 900), id="a date before the window"),
    ],
)
def test_window_stays_whole_if_a_cut_helps_nobody(idle: int, first: requests.Response) -> None:
    """A window is cut only for idle readers, and only if dates show that the reading gets on."""
    way, plan = paginator(DENSE, idle=idle)
    way.advance(first)
    assert way.current_value is not None
    assert (way.current_value.window, len(plan)) == (DENSE, 0)


def test_page_that_may_be_the_last_is_not_cut() -> None:
    """Behind a page that may be the last, there is nothing to share."""
    way, plan = paginator(DENSE, idle=3)
    way.advance(dated(200, 1_500))
    way.advance(dated(206, 1_600))
    assert len(plan) == 0


@pytest.mark.parametrize("end", [EMPTY, dated(200, 1_600)], ids=["no more leads", "few more"])
def test_signs_of_the_whole_window_do_not_hold_for_a_part(end: requests.Response) -> None:
    """After a cut, the leads that were announced and counted may all be in the other parts."""
    way, plan = paginator(DENSE, idle=1)
    way.advance(dated(206, 1_500, total=100))
    assert plan.take() is not None
    way.advance(end)
    assert way.finished
