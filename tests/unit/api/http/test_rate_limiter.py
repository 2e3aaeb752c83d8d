from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seeker_leads_api.http.rate_limiter import RateLimiter


class FakeTime:
    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@given(st.lists(st.floats(min_value=0, max_value=0.3), min_size=1, max_size=80), st.integers(1, 10))
def test_never_more_starts_than_allowed_in_any_period(pauses: list[float], max_starts: int) -> None:
    """No period has more starts than allowed, whatever the caller's rhythm."""
    time = FakeTime()
    limiter = RateLimiter(max_starts, 0.2, 10, clock=time.clock, sleep=time.sleep)
    starts = []
    for pause in pauses:
        time.now += pause
        with limiter.attempt():
            starts.append(time.now)
    assert all(later - earlier >= 0.2 - 1e-9 for earlier, later in zip(starts, starts[max_starts:], strict=False))


def test_does_not_wait_below_the_limit() -> None:
    """Ten requests start at once; the eleventh starts one period after the first, and no later."""
    time = FakeTime()
    limiter = RateLimiter(10, 0.2, 100, clock=time.clock, sleep=time.sleep)
    for _ in range(10):
        with limiter.attempt():
            assert time.now == 0.0
    with limiter.attempt():
        assert time.now == 0.2


def test_never_more_in_flight_than_allowed() -> None:
    """A permit is free only after the previous request has been answered."""
    limiter = RateLimiter(100, 0.001, 2)
    entered, leave, held = threading.Semaphore(0), threading.Event(), []

    def hold() -> None:
        with limiter.attempt():
            held.append(1)
            entered.release()
            leave.wait(10)

    threads = [threading.Thread(target=hold) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert entered.acquire(timeout=10)
    assert entered.acquire(timeout=10)
    assert not entered.acquire(blocking=False)
    assert len(held) == 2
    leave.set()
    for thread in threads:
        thread.join(10)
    assert len(held) == 3


def test_permit_is_returned_after_an_error() -> None:
    """A failed request returns its permit."""
    limiter = RateLimiter(100, 0.001, 1)

    def fail() -> None:
        with limiter.attempt():
            msg = "the request failed"
            raise ValueError(msg)

    for _ in range(3):
        with pytest.raises(ValueError, match="failed"):
            fail()
