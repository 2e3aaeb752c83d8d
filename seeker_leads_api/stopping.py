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
        # Not an Event: its lock is not reentrant, so a signal handler that interrupts a wait would wait for itself.
        self._changed = threading.Condition(threading.RLock())
        self._is_ordered = False

    def order(self) -> None:
        """End every wait, now and later; safe to call in a signal handler."""
        with self._changed:
            self._is_ordered = True
            self._changed.notify_all()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            StopOrder: the threads must stop.
        """
        with self._changed:
            if self._changed.wait_for(lambda: self._is_ordered, seconds):
                raise StopOrder

    def acquire(self, semaphore: threading.Semaphore) -> None:
        """Wait until the semaphore is free.

        Raises:
            StopOrder: the threads must stop.
        """
        self.sleep(0)
        while not semaphore.acquire(timeout=CHECK_INTERVAL_SECONDS):
            self.sleep(0)
