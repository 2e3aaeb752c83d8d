from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_sandbox.data.store import LeadStore, Period, UnknownCursorError
from seeker_leads_sandbox.options import Bounds, Order

if TYPE_CHECKING:
    from seeker_leads_sandbox.data.store import Lead

# With few seconds and many leads, most leads share a second or lie on an edge.
SECONDS = st.integers(min_value=0, max_value=20)


def lead(lead_id: str, ingestion_date: int) -> Lead:
    return {"metadata": {"leadId": lead_id, "ingestionDate": ingestion_date}}


def store_of(dates: list[int]) -> LeadStore:
    store = LeadStore()
    store.add_all(lead(f"lead-{number}", date) for number, date in enumerate(dates))
    return store


def ids(leads: tuple[bytes, ...]) -> list[str]:
    return [msgspec.json.decode(body)["metadata"]["leadId"] for body in leads]


def walk(store: LeadStore, period: Period, order: Order, limit: int, start: str | None = None) -> list[str]:
    seen: list[str] = []
    while True:
        page = store.page(period, order, limit, start)
        seen += ids(page.leads)
        assert len(page.leads) <= limit
        assert len(seen) <= len(store)  # a cursor that does not advance must not hang the test
        if not page.has_more:
            return seen
        start = page.last_lead_id


@given(
    dates=st.lists(SECONDS, max_size=40),
    dates_asked=st.tuples(SECONDS, SECONDS),
    bounds=st.sampled_from(Bounds),
    order=st.sampled_from(Order),
    limit=st.integers(min_value=1, max_value=7),
)
def test_paging_returns_each_lead_of_the_period_once(
    dates: list[int], dates_asked: tuple[int, int], bounds: Bounds, order: Order, limit: int
) -> None:
    """With every dialect and page size, paging returns each lead of the period exactly once."""
    min_date, max_date = dates_asked
    lower_holds = {Bounds.CLOSED: True, Bounds.MIN_INCLUSIVE: True, Bounds.MAX_INCLUSIVE: False, Bounds.OPEN: False}
    upper_holds = {Bounds.CLOSED: True, Bounds.MIN_INCLUSIVE: False, Bounds.MAX_INCLUSIVE: True, Bounds.OPEN: False}
    expected = {
        f"lead-{number}"
        for number, date in enumerate(dates)
        if (min_date < date or (lower_holds[bounds] and min_date == date))
        and (date < max_date or (upper_holds[bounds] and date == max_date))
    }

    seen = walk(store_of(dates), Period.of(min_date, max_date, bounds), order, limit)

    assert len(seen) == len(set(seen))
    assert set(seen) == expected


@given(dates=st.lists(SECONDS, min_size=1, max_size=30), order=st.sampled_from(Order), data=st.data())
def test_a_cursor_outside_the_period_counts_by_its_position(
    dates: list[int], order: Order, data: st.DataObject
) -> None:
    """The leads after X in a period are those that follow X in the list of all leads."""
    store = store_of(dates)
    everything = walk(store, Period(0, 100), order, 100)
    start = data.draw(st.sampled_from(everything))
    first, last = sorted(data.draw(st.tuples(SECONDS, SECONDS)))
    period = Period(first, last + 1)
    in_period = set(walk(store, period, order, 100))

    seen = walk(store, period, order, 3, start)

    assert seen == [lead_id for lead_id in everything[everything.index(start) + 1 :] if lead_id in in_period]


def test_ids_are_those_of_all_leads() -> None:
    """`ids` names each lead once, also after one was replaced."""
    store = store_of([5, 3, 9])
    store.add(lead("lead-1", 7))
    assert store.ids() == {"lead-0", "lead-1", "lead-2"}


def test_orders_are_total_and_known() -> None:
    """Ascending is by date, then by id; descending is the reverse; shuffled does not depend on the period."""
    store = store_of([5, 1, 5, 3])
    ascending = walk(store, Period(0, 10), Order.ASCENDING, 10)
    shuffled = walk(store, Period(0, 10), Order.SHUFFLED, 10)

    assert ascending == ["lead-1", "lead-3", "lead-0", "lead-2"]
    assert walk(store, Period(0, 10), Order.DESCENDING, 10) == ascending[::-1]
    assert walk(store, Period(2, 10), Order.SHUFFLED, 10) == [lead_id for lead_id in shuffled if lead_id != "lead-1"]


@pytest.mark.parametrize("order", Order)
def test_a_lead_added_while_paging_is_listed(order: Order) -> None:
    """New leads are listed as soon as they are added, even if the order of a period is cached."""
    store = store_of([1, 2])
    walk(store, Period(0, 10), order, 10)

    store.add(lead("new", 3))

    assert "new" in walk(store, Period(0, 10), order, 10)


def test_an_unknown_cursor_is_an_error() -> None:
    """A cursor that is not a lead of the account is refused, not treated as the beginning."""
    with pytest.raises(UnknownCursorError):
        store_of([1]).page(Period(0, 10), Order.ASCENDING, 10, "nobody")


@pytest.mark.parametrize("number_added", [1, 2])
def test_a_lead_with_a_known_id_replaces_the_old_one(number_added: int) -> None:
    """Adding a lead with a known id replaces the old one, and moves it if its date changed."""
    store = store_of([1, 2])

    store.add_all([lead("lead-0", 9), lead("other", 9)][:number_added])

    assert len(store) == 1 + number_added
    assert walk(store, Period(0, 5), Order.ASCENDING, 10) == ["lead-1"]
    assert store.get("lead-0") == lead("lead-0", 9)


@pytest.mark.parametrize(
    "broken", [{}, {"metadata": {"leadId": "x"}}, {"metadata": {"leadId": "", "ingestionDate": 1}}]
)
def test_a_lead_without_id_or_date_is_refused(broken: Lead) -> None:
    """A lead without id or date cannot be listed, so no lead of the batch is added."""
    store = LeadStore()

    with pytest.raises(ValueError, match="a lead needs"):
        store.add_all([lead("good", 1), broken])

    assert len(store) == 0
    assert store.get("good") is None
