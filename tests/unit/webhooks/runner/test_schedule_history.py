"""Random histories of signals, runs and failures, after which all leads of an account must be read."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seeker_leads_webhooks.runner.schedule import LONGEST_BACK_OFF_SECONDS, Schedule, Timing

_SECONDS = st.floats(0.001, 400)


class ScheduleHistory(RuleBasedStateMachine):
    """Leads arrive with or without a call; a successful run loads those that existed when it began."""

    @initialize(
        debounce=st.sampled_from([0.0, 3.0, 20.0]),
        most=st.sampled_from([0.0, 15.0]),
        recheck=st.sampled_from([0.0, 60.0]),
        poll=st.sampled_from([1.0, 300.0]),
    )
    def start(self, debounce: float, most: float, recheck: float, poll: float) -> None:
        self.now = 0.0
        self.timing = Timing(debounce, most, recheck, poll)
        self.schedule = Schedule(self.timing, lambda: self.now)
        self.waiting: list[float] = []  # arrivals of leads with a call that are not loaded yet
        self.silent: list[float] = []  # the same for leads without a call
        self.reading: tuple[list[float], list[float]] = ([], [])
        self.began_at: float | None = None
        self.ended_at = 0.0
        self.failures = 0
        self.rechecks: list[float] = []  # due times after runs that loaded a lead with a call

    @rule()
    def call(self) -> None:
        self.schedule.signal()
        self.waiting.append(self.now)

    @rule()
    def lead_without_a_call(self) -> None:
        self.silent.append(self.now)

    @rule(seconds=_SECONDS)
    def time_passes(self, seconds: float) -> None:
        """As in the runner: sleep until a run is due, and then begin it."""
        until = self.now + seconds
        wait = self.schedule.seconds_until_due()
        if wait is not None and self.now + wait <= until:
            self.now += wait
            self.begin()
        else:
            self.now = until

    @precondition(lambda self: self.schedule.is_running)
    @rule(succeeds=st.booleans(), seconds=_SECONDS)
    def run_ends(self, succeeds: bool, seconds: float) -> None:  # noqa: FBT001  # drawn by Hypothesis
        self.now += seconds
        self.schedule.end(succeeded=succeeds)
        self.ended_at = self.now
        if succeeds and self.reading[0] and self.timing.recheck_seconds:
            self.rechecks.append(self.now + self.timing.recheck_seconds)
        self.failures = 0 if succeeds else self.failures + 1
        if not succeeds:
            self.waiting, self.silent = self.reading[0] + self.waiting, self.reading[1] + self.silent
        self.reading = ([], [])

    def begin(self) -> None:
        assert not self.schedule.is_running, "two runs at once"
        assert self._is_justified(), "a run without a cause"
        self.schedule.begin()
        self.rechecks = [at for at in self.rechecks if at > self.now]
        self.began_at = self.now
        self.reading, self.waiting, self.silent = (self.waiting, self.silent), [], []

    def _is_justified(self) -> bool:
        return (
            self.began_at is None
            or bool(self.waiting)
            or self.failures > 0
            or self.now >= self.began_at + self.timing.poll_seconds
            or any(at <= self.now for at in self.rechecks)
        )

    @invariant()
    def every_call_is_followed_by_a_run(self) -> None:
        """Unless a run is in progress or failed, the next one is due within `max_wait_seconds` of the oldest call."""
        if self.schedule.is_running or not self.waiting:
            return
        due = self.schedule.seconds_until_due()
        assert due is not None
        if self.failures:
            assert due <= LONGEST_BACK_OFF_SECONDS + 1e-6
        else:
            assert self.now + due <= max(self.waiting[0] + self.timing.max_wait_seconds, self.ended_at) + 1e-6

    @invariant()
    def every_lead_is_read_within_the_poll(self) -> None:
        """This holds even if all calls are lost."""
        due = self.schedule.seconds_until_due()
        if due is not None and self.failures == 0:
            assert due <= self.timing.poll_seconds + 1e-6

    @invariant()
    def failing_runs_are_apart(self) -> None:
        """Calls never make a failing pipeline run at once."""
        due = self.schedule.seconds_until_due()
        if due is not None and self.failures:
            assert self.now + due >= self.ended_at + min(5 * 2 ** (self.failures - 1), 300) - 1e-6


TestScheduleHistory = ScheduleHistory.TestCase
TestScheduleHistory.settings = settings(max_examples=200, stateful_step_count=60)
