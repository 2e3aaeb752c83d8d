from __future__ import annotations

from dataclasses import dataclass

import pytest

from seeker_leads_webhooks.runner.schedule import LONGEST_BACK_OFF_SECONDS, Schedule, Timing


@dataclass
class Time:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def schedule(time: Time) -> Schedule:
    """The default timing, once the first run has ended."""
    schedule = Schedule(Timing(), time)
    run(schedule)
    return schedule


def run(schedule: Schedule, *, succeeded: bool = True) -> None:
    schedule.begin()
    schedule.end(succeeded=succeeded)


def test_first_run_begins_at_once(time: Time) -> None:
    """What came while the program did not run is read when it starts."""
    assert Schedule(Timing(), time).seconds_until_due() == 0


def test_signal_is_answered_once_it_is_quiet(schedule: Schedule, time: Time) -> None:
    """Each further signal puts the run off, so that a burst costs one run."""
    schedule.signal()
    assert schedule.seconds_until_due() == 3
    time.now += 2
    schedule.signal()
    assert schedule.seconds_until_due() == 3


def test_endless_signals_do_not_put_a_run_off(schedule: Schedule, time: Time) -> None:
    """The first signal of a burst waits no longer than the maximum."""
    schedule.signal()
    for _ in range(14):
        time.now += 1
        schedule.signal()
    assert schedule.seconds_until_due() == 1


def test_signal_during_a_run_counts_for_the_next(schedule: Schedule, time: Time) -> None:
    """Nobody knows whether the run had read that lead already."""
    schedule.begin()
    time.now += 20
    schedule.signal()
    time.now += 100
    assert schedule.seconds_until_due() is None
    schedule.end(succeeded=True)
    assert schedule.seconds_until_due() == 0
    run(schedule)
    assert schedule.seconds_until_due() == 60


def test_signalled_run_is_followed_by_one_more(schedule: Schedule, time: Time) -> None:
    """A lead may become visible after its call; the run that looks again is not looked after in turn."""
    schedule.signal()
    run(schedule)
    assert schedule.seconds_until_due() == 60
    time.now += 60
    run(schedule)
    assert schedule.seconds_until_due() == 300


def test_recheck_can_be_switched_off(time: Time) -> None:
    """With 0 there is none."""
    schedule = Schedule(Timing(recheck_seconds=0), time)
    run(schedule)
    schedule.signal()
    run(schedule)
    assert schedule.seconds_until_due() == 300


def test_recheck_outlasts_a_poll_before_it(schedule: Schedule, time: Time) -> None:
    """A run that begins before the recheck is due does not stand in for it."""
    time.now += 280
    schedule.signal()
    run(schedule)
    time.now += 10
    run(schedule)
    assert schedule.seconds_until_due() == 50


def test_polls_without_any_signal(schedule: Schedule, time: Time) -> None:
    """Lost calls cost time alone: a run begins so long after the last one began, however long that took."""
    schedule.begin()
    time.now += 100
    schedule.end(succeeded=True)
    assert schedule.seconds_until_due() == 200


def test_failed_run_is_repeated_after_growing_waits(schedule: Schedule, time: Time) -> None:
    """Whatever failed is tried again without a further signal, ever more rarely, up to the longest wait."""
    schedule.signal()
    waits = []
    for _ in range(9):
        run(schedule, succeeded=False)
        waits.append(schedule.seconds_until_due())
        time.now += waits[-1] or 0
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, LONGEST_BACK_OFF_SECONDS]
    run(schedule)
    assert schedule.seconds_until_due() == 60  # the run that succeeds answers the signal


def test_signal_does_not_shorten_the_wait_after_a_failure(schedule: Schedule) -> None:
    """Calls that keep coming do not make a failing pipeline run without pause."""
    run(schedule, succeeded=False)
    schedule.signal()
    assert schedule.seconds_until_due() == 5


def test_failures_without_end_stay_countable(schedule: Schedule) -> None:
    """A pipeline that fails for a year waits as long as ever."""
    for _ in range(100_000):
        run(schedule, succeeded=False)
    assert schedule.seconds_until_due() == LONGEST_BACK_OFF_SECONDS
