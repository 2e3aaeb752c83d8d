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
    """A schedule with the default timing, after the first run."""
    schedule = Schedule(Timing(), time)
    run(schedule)
    return schedule


def run(schedule: Schedule, *, succeeded: bool = True) -> None:
    schedule.begin()
    schedule.end(succeeded=succeeded)


def test_first_run_begins_at_once(time: Time) -> None:
    """Leads that arrived while the program was not running are read when it starts."""
    assert Schedule(Timing(), time).seconds_until_due() == 0


def test_first_run_that_fails_is_repeated_soon(time: Time) -> None:
    """A pipeline that does not start with the program is the first failure, not a later one."""
    schedule = Schedule(Timing(), time)
    assert schedule.failures == 0
    run(schedule, succeeded=False)
    assert (schedule.failures, schedule.seconds_until_due()) == (1, 5)


def test_run_follows_a_signal_after_a_quiet_time(schedule: Schedule, time: Time) -> None:
    """Each further signal delays the run, so that a burst causes one run."""
    schedule.signal()
    assert schedule.seconds_until_due() == 3
    time.now += 2
    schedule.signal()
    assert schedule.seconds_until_due() == 3


def test_continuous_signals_do_not_delay_a_run(schedule: Schedule, time: Time) -> None:
    """The first signal of a burst waits no longer than `max_wait_seconds`."""
    schedule.signal()
    for _ in range(14):
        time.now += 1
        schedule.signal()
    assert schedule.seconds_until_due() == 1


def test_signal_during_a_run_counts_for_the_next(schedule: Schedule, time: Time) -> None:
    """The current run may not read that lead any more."""
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
    """A lead may become visible after its call; the recheck itself is not followed by another one."""
    schedule.signal()
    run(schedule)
    assert schedule.seconds_until_due() == 60
    time.now += 60
    run(schedule)
    assert schedule.seconds_until_due() == 300


def test_recheck_can_be_switched_off(time: Time) -> None:
    """With 0, there is no recheck."""
    schedule = Schedule(Timing(recheck_seconds=0), time)
    run(schedule)
    schedule.signal()
    run(schedule)
    assert schedule.seconds_until_due() == 300


def test_recheck_outlasts_a_poll_before_it(schedule: Schedule, time: Time) -> None:
    """A run that begins before the recheck is due does not replace it."""
    time.now += 280
    schedule.signal()
    run(schedule)
    time.now += 10
    run(schedule)
    assert schedule.seconds_until_due() == 50


def test_late_run_replaces_the_recheck(schedule: Schedule, time: Time) -> None:
    """The runner may begin a run a little after it was due; there is no second one for the same signal."""
    schedule.signal()
    run(schedule)
    time.now += 65
    assert schedule.seconds_until_due() == 0
    run(schedule)
    assert schedule.seconds_until_due() == 300


def test_polls_without_any_signal(schedule: Schedule, time: Time) -> None:
    """Lost calls cost only time: a run begins `poll_seconds` after the start of the last one, however long it took."""
    schedule.begin()
    time.now += 100
    schedule.end(succeeded=True)
    assert schedule.seconds_until_due() == 200


def test_failed_run_is_repeated_after_growing_waits(schedule: Schedule, time: Time) -> None:
    """A failed run is repeated without a further signal, with growing waits up to the maximum."""
    schedule.signal()
    waits = []
    for _ in range(9):
        run(schedule, succeeded=False)
        waits.append(schedule.seconds_until_due())
        time.now += waits[-1] or 0
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, LONGEST_BACK_OFF_SECONDS]
    run(schedule)
    assert schedule.seconds_until_due() == 60  # the run that succeeds answers the signal


def test_success_ends_a_row_of_failures(schedule: Schedule) -> None:
    """Monitoring sees how many runs in a row have failed, and the next failure waits as long as a first one."""
    for failures in (1, 2):
        run(schedule, succeeded=False)
        assert schedule.failures == failures
    run(schedule)
    assert (schedule.failures, schedule.seconds_until_due()) == (0, 300)
    run(schedule, succeeded=False)
    assert (schedule.failures, schedule.seconds_until_due()) == (1, 5)


def test_schedule_knows_whether_a_run_is_in_progress(schedule: Schedule) -> None:
    """While it is, no other one is due."""
    assert not schedule.is_running
    schedule.begin()
    assert schedule.is_running
    assert schedule.seconds_until_due() is None


def test_signal_does_not_shorten_the_wait_after_a_failure(schedule: Schedule) -> None:
    """Continuous calls do not make a failing pipeline run without a pause."""
    run(schedule, succeeded=False)
    schedule.signal()
    assert schedule.seconds_until_due() == 5


def test_many_failures_do_not_overflow(schedule: Schedule) -> None:
    """A pipeline that fails for a year still waits for the maximum time."""
    for _ in range(100_000):
        run(schedule, succeeded=False)
    assert schedule.seconds_until_due() == LONGEST_BACK_OFF_SECONDS
