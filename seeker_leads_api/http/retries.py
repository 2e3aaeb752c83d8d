"""The one place that asks again: passing faults with exponential backoff, a refused token with a new one, once."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from seeker_leads_api.errors import FatalError, RetryableError, ThrottledError, TokenRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

#: The first wait, doubled with each further try up to the longest; half of each is left to chance.
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
#: An API that asks for more patience than this ends the run: a schedule's next run is the better waiter.
LONGEST_RETRY_AFTER_SECONDS = 300.0


def _pause_nobody(_: float) -> None:
    """Stand in where there is nobody else to keep from asking."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """Calls a function again as its errors ask for, at most `max_retries` times."""

    max_retries: int
    report: Callable[[str], object]  #: is told of each wait, in one line without personal data
    sleep: Callable[[float], object] = time.sleep
    chance: Callable[[], float] = random.random
    pause_all: Callable[[float], object] = _pause_nobody  #: keeps everybody from asking for so many seconds

    def wrap(self, function: Callable[P, T], *, renew_token: Callable[[str], object]) -> Callable[P, T]:
        """Return the function with retries around it.

        `renew_token` gets the refused token and makes sure that the next call sends another.

        Raises (from the returned function):
            FatalError: the tries are used up, a new token was refused too, or the wait asked for is too long.
        """

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            tries = 0
            renewed = False
            while True:
                try:
                    return function(*args, **kwargs)
                except TokenRefusedError as error:  # noqa: PERF203  # asking again is what the loop is for
                    if renewed:
                        raise FatalError(str(error)) from None
                    try:
                        renew_token(error.refused_token)
                    except FatalError as failure:
                        # What the API said of the old token tells more than that there is no new one.
                        msg = f"{error}. {failure}"
                        raise FatalError(msg) from None
                    renewed = True
                except RetryableError as error:
                    wait_seconds = self.wait_seconds(error, tries)
                    tries += 1
                    self.report(f"{error}; try {tries + 1} of {self.max_retries + 1} in {wait_seconds:.1f} s")
                    if isinstance(error, ThrottledError):
                        self.pause_all(wait_seconds)
                    self.sleep(wait_seconds)

        return call

    def wait_seconds(self, error: RetryableError, tries: int) -> float:
        """Say how long to wait after so many tries that failed.

        Raises:
            FatalError: asking again does not make sense any more.
        """
        if tries >= self.max_retries:
            msg = f"{error}; gave up after {tries + 1} tries"
            raise FatalError(msg) from None
        asked_for = error.retry_after_seconds
        if asked_for is not None and asked_for > LONGEST_RETRY_AFTER_SECONDS:
            msg = f"{error}; the API asks to wait {asked_for:.0f} s: run again then"
            raise FatalError(msg) from None
        backoff = min(FIRST_WAIT_SECONDS * 2.0**tries, LONGEST_WAIT_SECONDS) * (0.5 + 0.5 * self.chance())
        return max(backoff, asked_for or 0.0)
