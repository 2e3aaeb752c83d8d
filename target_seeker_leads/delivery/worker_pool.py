"""Leads delivered at once, by a bounded pool: a source never runs further ahead than there is room."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: How often the main thread wakes up while it waits: a signal that comes just before the wait, or to another thread,
#: does not end it, and is heard of only then.
_LOOK_INTERVAL_SECONDS = 0.5


class StopDelivery(Exception):  # noqa: N818  # an order, not an error
    """Ends a worker from within whatever it waits for."""


class WorkerPool(Generic[T]):
    """Calls what is given with each item, in up to `workers` threads; the first error stops it all.

    An item that was not begun when the pool stopped is never begun.
    """

    def __init__(self, workers: int) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="delivery")
        self._size = 2 * workers
        self._room = threading.Semaphore(self._size)
        self._stopping = threading.Event()
        self._error: BaseException | None = None

    def sleep(self, seconds: float) -> None:
        """Wait, unless the pool is to stop.

        Raises:
            StopDelivery: it is.
        """
        if self._stopping.wait(seconds):
            raise StopDelivery

    def submit(self, item: T, deliver: Callable[[T], object]) -> None:
        """Have an item delivered; waits while there is no room.

        Raises:
            Exception: what a worker met first; this item is then not delivered.
        """
        self._wait_for_room()
        if self._error is not None:
            self._room.release()
            raise self._error
        self._executor.submit(self._run, item, deliver)

    def stop(self, error: BaseException) -> None:
        """Begin nothing more, for this reason unless there is one already; also from within a signal handler."""
        self._error = self._error or error
        self._stopping.set()

    def drain(self) -> None:
        """Wait until nothing is under way.

        Raises:
            Exception: what a worker met first.
        """
        for _ in range(self._size):
            self._wait_for_room()
        self._room.release(self._size)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Wait for all that was submitted, unless the pool was stopped, and end the threads."""
        self._executor.shutdown()

    def _wait_for_room(self) -> None:
        while not self._room.acquire(timeout=_LOOK_INTERVAL_SECONDS):
            pass

    def _run(self, item: T, deliver: Callable[[T], object]) -> None:
        try:
            self.sleep(0)
            deliver(item)
        except StopDelivery:
            pass
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self.stop(error)
        finally:
            self._room.release()
