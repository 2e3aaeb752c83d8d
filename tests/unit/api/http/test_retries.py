from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError, RetryableError
from seeker_leads_api.http.retries import LONGEST_WAIT_SECONDS, Retrier

if TYPE_CHECKING:
    from collections.abc import Callable


class Script:
    """A function that raises the script's errors, then returns."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


class Bench:
    def __init__(self, max_retries: int = 3, jitter: Callable[[], float] = lambda: 1.0) -> None:
        self.slept: list[float] = []
        self.reports: list[str] = []
        self.retrier = Retrier(max_retries, self.reports.append, self.slept.append, jitter)

    def run(self, script: Script) -> str:
        return self.retrier.call(script)


def test_waits_grow_and_are_reported() -> None:
    """Each further try waits twice as long and is reported."""
    bench = Bench()
    assert bench.run(Script(*[RetryableError("503")] * 3)) == "answer"
    assert bench.slept == [0.5, 1.0, 2.0]
    assert bench.reports[0] == "503; try 2 of 4 in 0.5 s"


def test_jitter_spreads_the_waits() -> None:
    """Clients that failed at the same time do not retry at the same time: half of each wait is random."""
    bench = Bench(jitter=lambda: 0.0)
    bench.run(Script(RetryableError("503")))
    assert bench.slept == [0.25]


def test_waits_have_an_upper_bound() -> None:
    """With many retries, waits do not grow without bound."""
    bench = Bench(max_retries=20)
    bench.run(Script(*[RetryableError("503")] * 20))
    assert max(bench.slept) == LONGEST_WAIT_SECONDS


def test_gives_up_after_the_last_try() -> None:
    """After `max_retries` further tries, the run ends with the error."""
    bench, script = Bench(max_retries=2), Script(*[RetryableError("503")] * 9)
    with pytest.raises(FatalError, match="503; gave up after 3 tries"):
        bench.run(script)
    assert script.calls == 3


def test_retry_after_is_honoured() -> None:
    """The API's wait is used if it is longer than the schedule's."""
    bench = Bench()
    bench.run(Script(RetryableError("429", retry_after_seconds=7), RetryableError("429", retry_after_seconds=0)))
    assert bench.slept == [7, 1.0]


def test_five_minutes_of_retry_after_are_waited_for() -> None:
    """The longest accepted wait is five minutes."""
    bench = Bench()
    assert bench.run(Script(RetryableError("429", retry_after_seconds=300))) == "answer"
    assert bench.slept == [300]


@pytest.mark.parametrize("seconds", [301, 3600])
def test_more_than_five_minutes_of_retry_after_end_the_run(seconds: int) -> None:
    """A longer wait is left to the next run: this one ends at once and says how long to wait."""
    bench = Bench()
    with pytest.raises(FatalError, match=f"asks to wait {seconds} s"):
        bench.run(Script(RetryableError("429", retry_after_seconds=seconds)))
    assert bench.slept == []
