"""The API's rate limit, enforced by the client."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

#: How long the end of a run waits for the database of a shared limit. If it hangs, its slots become free later.
CLOSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` start in any `period_seconds`, and `at_once` are in flight."""

    requests: int
    period_seconds: float
    at_once: int

    def __str__(self) -> str:
        return f"{self.requests} requests in {self.period_seconds * 1000:.0f} ms, {self.at_once} at once"


class Limiter(Protocol):
    """Every attempt takes a permit here, including retries; any number of threads may share it."""

    def attempt(self) -> AbstractContextManager[None]:
        """Wait until a request may start; hold the permit until the context ends, after the answer is read."""

    def pause(self, seconds: float) -> None:
        """Let no request start for this long: the API answered 429."""

    def begin_close(self) -> None:
        """Begin to release what is shared with other processes, without waiting: many limits can do so at once."""

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Release everything that is shared with other processes; wait no longer than `timeout_seconds` for it."""


class RateLimiter:
    """At most `max_starts` permits start in any `period_seconds`, and at most `max_in_flight` are held at once.

    Every attempt takes a permit, including retries. Any number of threads may share it. If `sleep` raises an exception,
    all waiting threads stop waiting.

    The limit applies when requests are sent. They may arrive closer together, especially the first ones, which open
    their connections first. If the API therefore answers 429, `pause` follows.
    """

    def __init__(
        self,
        max_starts: int,
        period_seconds: float,
        max_in_flight: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._period_seconds = period_seconds
        self._clock = clock
        self._sleep = sleep
        self._in_flight = threading.BoundedSemaphore(max_in_flight)
        self._turn = threading.Lock()
        self._starts: deque[float] = deque(maxlen=max_starts)
        self._not_before = float("-inf")
        self._pausing = threading.Lock()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Wait until a request may start; hold the permit until the context ends, after the answer is read."""
        with self._in_flight:
            self._wait_for_start()
            yield

    def pause(self, seconds: float) -> None:
        """Let no request start for this long: the API answered 429."""
        with self._pausing:  # many threads reach the limit at once, and the longest pause counts
            self._not_before = max(self._not_before, self._clock() + seconds)

    def begin_close(self) -> None:
        """Do nothing: this limit is not shared with other processes."""

    def close(self, timeout_seconds: float = CLOSE_SECONDS) -> None:
        """Do nothing: this limit is not shared with other processes."""

    def _wait_for_start(self) -> None:
        # The lock is held while waiting: a later thread could not start earlier. The start is recorded after the wait,
        # so that a request whose thread wakes late is never too close to the next one.
        with self._turn:
            while (wait_seconds := self._earliest_start() - self._clock()) > 0:
                self._sleep(wait_seconds)
            self._starts.append(self._clock())

    def _earliest_start(self) -> float:
        is_full = len(self._starts) == self._starts.maxlen
        return max(self._not_before, self._starts[0] + self._period_seconds if is_full else self._not_before)
