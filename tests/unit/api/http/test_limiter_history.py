"""Checks the limiter over whole histories: any order of starts, ends, pauses and idle times, with inexact sleeps."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from seeker_leads_api.http.rate_limiter import RateLimiter

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

PERIOD = 0.2
TOLERANCE = 1e-9
MIN_SLEEP = 1e-4
SECONDS = st.floats(0, 0.5) | st.sampled_from([0.0, PERIOD, PERIOD / 10])


class LimiterHistory(RuleBasedStateMachine):
    """There are never more than `max_starts` in any period or `max_in_flight` at once, and no start during a pause.

    A sleep may last longer or end earlier than requested, and another thread may request a pause during it.
    """

    @initialize(max_starts=st.integers(1, 10), max_in_flight=st.integers(1, 10))
    def open(self, max_starts: int, max_in_flight: int) -> None:
        self.now = 0.0
        self.limiter = RateLimiter(max_starts, PERIOD, max_in_flight, clock=lambda: self.now, sleep=self.sleep)
        self.max_starts, self.max_in_flight = max_starts, max_in_flight
        self.starts: list[float] = []
        self.in_flight: list[ExitStack] = []
        self.paused_until = 0.0
        self.sleep_quality = 1.0
        self.pause_in_sleep: float | None = None
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        # It moves the clock at least a little, as every sleep does.
        self.now += max(seconds * self.sleep_quality, MIN_SLEEP)
        self.slept += seconds
        if self.pause_in_sleep is not None:
            asked_for, self.pause_in_sleep = self.pause_in_sleep, None
            self.pause(asked_for)

    @precondition(lambda self: len(self.in_flight) < self.max_in_flight)
    @rule(quality=st.sampled_from([0.5, 1.0, 1.0, 3.0]), pause_meanwhile=st.none() | SECONDS)
    def start(self, quality: float, pause_meanwhile: float | None) -> None:
        """Start a request, however many sleeps that takes."""
        self.sleep_quality, self.pause_in_sleep = quality, pause_meanwhile
        earliest = max(self.now, self.paused_until)
        if len(self.starts) >= self.max_starts:
            earliest = max(earliest, self.starts[-self.max_starts] + PERIOD)
        stack = ExitStack()
        permit: AbstractContextManager[None] = self.limiter.attempt()
        stack.enter_context(permit)
        self.pause_in_sleep = None
        if quality <= 1:  # otherwise the sleep itself was too long
            latest = max(earliest, self.paused_until) + MIN_SLEEP + TOLERANCE
            assert self.now <= latest, "it waited longer than it had to"
        self.starts.append(self.now)
        self.in_flight.append(stack)
        assert self.now >= self.paused_until - TOLERANCE

    @precondition(lambda self: self.in_flight)
    @rule(which=st.integers(0, 9), fails=st.booleans())
    def end(self, which: int, fails: bool) -> None:  # noqa: FBT001  # Hypothesis gives it by name
        """End one of the requests in flight, in any order, with an answer or an error."""
        stack = self.in_flight.pop(which % len(self.in_flight))
        if fails:
            error = ConnectionError()
            assert not stack.__exit__(ConnectionError, error, None)
        else:
            stack.close()

    @precondition(lambda self: len(self.in_flight) == self.max_in_flight)
    @rule()
    def one_too_many(self) -> None:
        """No thread gets a permit while all are held."""
        assert not self.limiter._in_flight.acquire(blocking=False)

    @rule(seconds=SECONDS)
    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule(seconds=SECONDS | st.just(60.0))
    def pause(self, seconds: float) -> None:
        """Pause all requests; a shorter pause never ends a longer one."""
        self.limiter.pause(seconds)
        self.paused_until = max(self.paused_until, self.now + seconds)

    @invariant()
    def limit_is_kept(self) -> None:
        """No period has more starts than allowed."""
        recent = self.starts[-3 * self.max_starts :]
        for earlier, later in zip(recent, recent[self.max_starts :], strict=False):
            assert later - earlier >= PERIOD - TOLERANCE

    def teardown(self) -> None:
        for stack in self.in_flight if hasattr(self, "in_flight") else []:
            stack.close()


TestLimiterHistory = LimiterHistory.TestCase
TestLimiterHistory.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_longest_of_two_pauses_at_once_counts() -> None:
    """If many readers reach the limit at once, a short pause never replaces a long one, however they interleave."""
    began, other = threading.Event(), threading.Thread(target=lambda: limiter.pause(60))

    def clock() -> float:
        # During the first pause, between its check and its write, another thread asks for a longer one.
        if not began.is_set():
            began.set()
            other.start()
            other.join(0.1)
        return 0.0

    limiter = RateLimiter(10, PERIOD, 10, clock=clock)
    limiter.pause(1)
    other.join(10)
    assert limiter._earliest_start() == 60
