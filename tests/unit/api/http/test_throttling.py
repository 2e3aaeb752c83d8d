"""A 429 affects all threads."""

from __future__ import annotations

import pytest

from seeker_leads_api.errors import RetryableError, ThrottledError
from seeker_leads_api.http.rate_limiter import RateLimiter
from seeker_leads_api.http.retries import Retrier


@pytest.mark.parametrize(("error", "paused"), [(ThrottledError, [4.0]), (RetryableError, [])])
def test_throttled_request_pauses_all(error: type[RetryableError], paused: list[float]) -> None:
    """After a 429, every reader waits; other faults affect only the thread that met them."""
    answers = iter([error("x", retry_after_seconds=4.0), None])
    pauses: list[float] = []

    def ask() -> None:
        if (answer := next(answers)) is not None:
            raise answer

    retrier = Retrier(1, print, lambda _: None, lambda: 1.0, pauses.append)
    retrier.call(ask)
    assert pauses == paused


def test_nobody_starts_before_a_pause_is_over() -> None:
    """A pause applies to every later permit, even if the limit is not used up."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    limiter = RateLimiter(10, 0.2, 10, clock=lambda: now[0], sleep=sleep)
    with limiter.attempt():
        limiter.pause(5)
    limiter.pause(1)
    with limiter.attempt():
        assert now[0] == 5


def test_sleep_that_raises_ends_the_waiting() -> None:
    """A stopped run does not wait for its turn, and the permit is returned."""

    def stop(_: float) -> None:
        raise InterruptedError

    limiter = RateLimiter(1, 100, 1, clock=lambda: 0.0, sleep=stop)
    with limiter.attempt():
        pass
    for _ in range(2):
        with pytest.raises(InterruptedError), limiter.attempt():
            pytest.fail("no permit was due")
