"""Stops a run with several threads: one order ends every wait."""

from __future__ import annotations

import threading

#: How often a wait without its own event checks for the order to stop, and how often the main thread wakes up: a signal
#: that arrives just before a wait, or in another thread, does not end the wait.
CHECK_INTERVAL_SECONDS = 0.5


class StopOrder(Exception):  # noqa: N818  # an order, not an error
    """Ends a thread wherever it waits."""


class Stopping:
    """The order to stop, given once to all threads of a run."""

    def __init__(self) -> None:
        self._ordered = threading.Event()

    def order(self) -> None:
        """End every wait, now and later; safe to call in a signal handler."""
        self._ordered.set()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            StopOrder: the threads must stop.
        """
        if self._ordered.wait(seconds):
            raise StopOrder

    def acquire(self, semaphore: threading.Semaphore) -> None:
        """Wait until the semaphore is free.

        Raises:
            StopOrder: the threads must stop.
        """
        self.sleep(0)
        while not semaphore.acquire(timeout=CHECK_INTERVAL_SECONDS):
            self.sleep(0)
