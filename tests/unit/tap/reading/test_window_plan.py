from __future__ import annotations

from tap_seeker_leads.reading.last_pages import LastPages
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import Window

FIRST, SECOND, PART = Window(0, 10), Window(10, 20), Window(15, 20)


def test_windows_are_read_in_order_and_once() -> None:
    """The oldest window is read first, so that the bookmark can follow; parts that were cut off are read last."""
    plan = WindowPlan([FIRST, SECOND])
    assert plan.take() == FIRST
    plan.add([PART])
    assert [plan.take(), plan.take(), plan.take()] == [SECOND, PART, None]


def test_plan_counts_what_waits_and_what_there_is() -> None:
    """The progress of a span is known: how many windows wait, and how many there are, including parts."""
    plan = WindowPlan([FIRST, SECOND])
    plan.take()
    assert (len(plan), plan.total) == (1, 2)
    plan.add([PART, PART])
    assert (len(plan), plan.total) == (3, 4)


def test_closed_plan_gives_out_nothing() -> None:
    """After a failure, no reader begins another window."""
    plan = WindowPlan([FIRST, SECOND])
    plan.close()
    assert (plan.take(), len(plan)) == (None, 0)


def test_knowledge_about_ends_is_that_of_the_run() -> None:
    """What earlier spans of a run showed about the last page of a window holds for this one."""
    known = LastPages()
    assert WindowPlan([], known).ends is known
    assert WindowPlan([]).ends is not WindowPlan([]).ends


def test_lone_reader_has_no_idle_neighbours() -> None:
    """A plan that nobody shares never has its windows cut."""
    assert WindowPlan([FIRST]).idle_readers() == 0
    assert WindowPlan([FIRST], idle_readers=lambda: 3).idle_readers() == 3
