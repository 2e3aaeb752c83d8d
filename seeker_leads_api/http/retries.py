"""Retries of requests after temporary faults; `backoff` provides the schedule and counts the tries."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import backoff

from seeker_leads_api.errors import FatalError, RetriesUsedUpError, RetryableError, ThrottledError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

T = TypeVar("T")

#: The first wait, which doubles with each further try up to the longest; half of each wait is random.
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
#: If the API asks for a longer wait, the run ends: the next scheduled run tries again.
LONGEST_RETRY_AFTER_SECONDS = 300.0


def _no_pause(_: float) -> None:
    """Do nothing: there are no other threads to pause."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """Calls a function again after temporary faults, up to `max_retries` times.

    `sleep` is used for every wait; an exception that it raises ends the wait and the call.
    """

    max_retries: int
    report: Callable[[str], object]  #: receives one line for each wait, without personal data
    sleep: Callable[[float], object] = time.sleep
    jitter: Callable[[], float] = random.random  #: from 0 to 1: waits are shortened by up to half
    pause_all: Callable[[float], object] = _no_pause  #: stops all threads' requests for this many seconds

    def call(self, function: Callable[[], T]) -> T:
        """Return what the function returns.

        Raises:
            RetriesUsedUpError: the retries are used up.
            FatalError: the API asks for too long a wait.
            Exception: any other error of the function or of `sleep`.
        """
        waits = backoff.expo(factor=FIRST_WAIT_SECONDS, max_value=LONGEST_WAIT_SECONDS)
        next(waits)  # starts the generator

        def wait(details: Any) -> None:  # noqa: ANN401  # backoff's type is private
            error: RetryableError = details["exception"]
            seconds = next(waits) * (0.5 + 0.5 * self.jitter())
            seconds = max(seconds, error.retry_after_seconds or 0.0)
            self.report(f"{error}; try {details['tries'] + 1} of {self.max_retries + 1} in {seconds:.1f} s")
            if isinstance(error, ThrottledError):
                self.pause_all(seconds)
            self.sleep(seconds)

        # backoff calls `time.sleep`, which a stop cannot interrupt: it gets 0 seconds, and `wait` does the waiting.
        retry = backoff.on_exception(
            backoff.constant,
            RetryableError,
            interval=0,
            jitter=None,
            max_tries=self.max_retries + 1,
            giveup=_asks_for_too_long_a_wait,
            on_backoff=wait,
            on_giveup=_give_up,
            logger=None,
        )
        return retry(function)()


def _asks_for_too_long_a_wait(error: Exception) -> bool:
    asked_for = error.retry_after_seconds if isinstance(error, RetryableError) else None
    return asked_for is not None and asked_for > LONGEST_RETRY_AFTER_SECONDS


def _give_up(details: Any) -> None:  # noqa: ANN401  # backoff's type is private
    error: RetryableError = details["exception"]
    if _asks_for_too_long_a_wait(error):
        msg = f"{error}; the API asks to wait {error.retry_after_seconds:.0f} s: run again after that"
        raise FatalError(msg)
    tries = details["tries"]
    msg = f"{error}; gave up after {tries} {'try' if tries == 1 else 'tries'}"
    raise RetriesUsedUpError(msg, last=error)
