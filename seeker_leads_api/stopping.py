"""Ending a run with several threads: one order that ends every wait."""

from __future__ import annotations

import threading

#: How often a wait without an event of its own checks for the order to stop, and how often the main thread wakes up: a
#: signal that arrives just before a wait, or in another thread, does not end the wait.
CHECK_INTERVAL_SECONDS = 0.5


class StopOrder(Exception):  # noqa: N818  # an order, not an error
    """Ends a thread from within whatever it waits for."""


class Stopping:
    """The order to stop, given once to all threads of a run."""

    def __init__(self) -> None:
        self._ordered = threading.Event()

    def order(self) -> None:
        """End every wait, now and from now on; safe within a signal handler."""
        self._ordered.set()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            StopOrder: the threads are to stop.
        """
        if self._ordered.wait(seconds):
            raise StopOrder

    def acquire(self, semaphore: threading.Semaphore) -> None:
        """Wait for a place in the semaphore.

        Raises:
            StopOrder: the threads are to stop.
        """
        self.sleep(0)
        while not semaphore.acquire(timeout=CHECK_INTERVAL_SECONDS):
            self.sleep(0)
