"""Several readers at once: plan, cuts and progress, without sockets, and without threads where possible."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from seeker_leads_api.http.rate_limiter import RateLimiter
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.progress import Progress
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import FinishedPrefix, SeamFilter, Window, cut, split

if TYPE_CHECKING:
    from collections.abc import Callable

    from tap_seeker_leads.reading.page_request import PageRequest
    from tap_seeker_leads.settings import TapSettings


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6), st.integers(1, 500), st.integers(2, 11))
def test_cut_covers_the_window_and_leaves_what_was_read_to_its_reader(
    start: int, length: int, read_seconds: int, pages: int, max_parts: int
) -> None:
    """The parts cover the whole window without gaps; everything that was read, and its seam, is in the first part."""
    window, latest = Window(start, start + length), start + read_seconds
    parts = cut(window, latest, pages, max_parts)
    assert (parts[0].start, parts[-1].end) == (window.start, window.end)
    assert all(left.end == right.start for left, right in pairwise(parts))
    assert 1 <= len(parts) <= max_parts
    assert all(part.start < part.end for part in parts)
    assert all(part.min_date > latest for part in parts[1:])


def test_dense_window_is_cut_for_every_idle_reader() -> None:
    """After one page of a busy week, nine idle readers get a part each; near its end, the window is not cut."""
    week = Window(0, 7 * 86_400)
    assert len(cut(week, 2000, 1, 10)) == 10
    assert cut(week, week.end - 2000, 300, 10) == [week]
    assert cut(week, week.end - 1, 1, 10) == [week]


@dataclass
class Account:
    """An API in memory: a total order of (second, id), inclusive or exclusive bounds, pages of any size."""

    leads: list[tuple[int, str]]
    order: str
    bounds: str
    page_size: int
    has_signs: bool = True  #: else every status is 200, though a page is never as long as was asked for

    def answer(self, request: PageRequest) -> requests.Response:
        low = request.window.min_date + (self.bounds in {"max", "open"})
        high = request.window.max_date - (self.bounds in {"min", "open"})
        ranked = sorted(self.leads, key=self._rank)
        ids = [lead_id for _, lead_id in ranked]
        after = 0 if request.cursor is None else ids.index(request.cursor) + 1
        found = [lead for lead in ranked[after:] if low <= lead[0] <= high]
        items = [
            {"metadata": {"leadId": lead_id, "ingestionDate": second}} for second, lead_id in found[: self.page_size]
        ]
        response = requests.Response()
        response.status_code = 206 if self.has_signs and len(found) > self.page_size else 200
        response._content = json.dumps({"metadata": {}, "links": {}, "items": items}).encode()
        response.request = requests.Request("GET", "https://a/leads", params={"limit": self.page_size + 1}).prepare()
        return response

    def _rank(self, lead: tuple[int, str]) -> Any:
        if self.order == "shuffled":
            return hashlib.sha256(lead[1].encode()).hexdigest()
        return (lead[0], lead[1]) if self.order == "ascending" else (-lead[0], lead[1])


@settings(max_examples=300, deadline=None)
@given(
    seconds=st.lists(st.integers(1000, 1400) | st.just(1077), min_size=1, max_size=150),
    order=st.sampled_from(["ascending", "descending", "shuffled"]),
    bounds=st.sampled_from(["closed", "min", "max", "open"]),
    page_size=st.integers(1, 12),
    choices=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), min_size=1, max_size=60),
    has_signs=st.booleans(),
)
def test_every_lead_is_read_once_however_windows_are_cut(  # noqa: PLR0913  # Hypothesis draws each separately
    *,
    seconds: list[int],
    order: str,
    bounds: str,
    page_size: int,
    choices: list[tuple[int, int]],
    has_signs: bool,
) -> None:
    """With any order, bounds, page size, ties, cuts and interleaving of readers, each lead is read exactly once.

    The same holds for a server that caps its pages without a sign.

    The bookmark never passes a lead that was not emitted yet.
    """
    account = Account([(second, f"lead-{n}") for n, second in enumerate(seconds)], order, bounds, page_size, has_signs)
    idle = 0
    plan = WindowPlan(split(1000, 1401, 150), idle_readers=lambda: idle)
    prefix, seams, put_out = FinishedPrefix(1000), SeamFilter(), list[str]()

    def window_read(window: Window) -> None:
        prefix.add(window)
        unread = [second for second, lead_id in account.leads if lead_id not in put_out]
        assert prefix.end <= min(unread, default=prefix.end)

    readers: list[LeadsPaginator] = []
    limiter = RateLimiter(10, 0.2, 10)
    step = 0
    while True:
        readers = [reader for reader in readers if not reader.finished]
        while len(plan) and len(readers) < 10:
            readers.append(LeadsPaginator(plan, limiter=limiter, on_window_read=window_read))
        if not readers:
            break
        which, idle = choices[step % len(choices)]
        step += 1
        reader = readers[which % len(readers)]
        request = reader.current_value
        assert request is not None
        response = account.answer(request)
        for lead in reader.new_page(response).leads:
            if seams.passes(lead.lead_id, lead.second, request.window):
                put_out.append(lead.lead_id)
        reader.advance(response)
    assert sorted(put_out) == sorted(lead_id for _, lead_id in account.leads)
    assert prefix.end == 1401


def test_closed_plan_gives_nothing_out() -> None:
    """When a run ends early, no reader starts another window."""
    plan = WindowPlan([Window(0, 100)])
    plan.close()
    assert plan.take() is None


def ticking(*instants: float) -> Callable[[], float]:
    remaining = iter(instants)
    return lambda: next(remaining)


def test_progress_is_logged_at_most_every_ten_seconds() -> None:
    """A long run logs its progress at most every ten seconds; a short one does not."""
    run = cast("TapSettings", SimpleNamespace(end=1000, connection=SimpleNamespace(requests_per_second=50.0)))
    progress = Progress(run, run.end, clock=ticking(0, 9, 10, 15, 20, 20))
    assert progress.report(4, 0) is None
    for _ in range(400):
        progress.page_read(100)
    progress.window_read(Window(0, 500))
    assert progress.report(4, 500) == (
        "Read up to 1970-01-01T00:08:20Z: 40,000 leads in 1 of 4 windows, 40.0 requests/s (the limit is 50),"
        " about 10 s left"
    )
    assert progress.report(4, 500) is None
    assert progress.report(4, 500) is not None
    assert progress.summary(1000) == (
        "Read 40,000 leads in 1 window with 400 requests in 20.0 s; everything up to 1970-01-01T00:16:40Z is read"
    )
