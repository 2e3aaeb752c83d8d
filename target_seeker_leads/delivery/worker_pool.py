"""Delivers leads concurrently in a bounded pool, so that the source cannot run ahead without limit."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from seeker_leads_api.stopping import CHECK_INTERVAL_SECONDS, StopOrder

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_api.stopping import Stopping


class WorkerPool:
    """Runs the submitted calls in up to `workers` threads; the first error stops the pool.

    A call that has not started when the pool stops never starts.
    """

    def __init__(self, workers: int, stopping: Stopping) -> None:
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="delivery")
        self._size = 2 * workers
        self._room = threading.Semaphore(self._size)
        self._stopping = stopping
        self._error: BaseException | None = None

    def submit(self, deliver: Callable[[], object]) -> None:
        """Submit a delivery; blocks while the pool is full.

        Raises:
            Exception: the first error of a worker; this delivery is then not run.
        """
        self._wait_for_room()
        if self._error is not None:
            self._room.release()
            raise self._error
        self._executor.submit(self._run, deliver)

    def stop(self, error: BaseException) -> None:
        """Start nothing more; `error` is the reason unless there is one already. Signal handlers may call this."""
        self._error = self._error or error
        self._stopping.order()

    def drain(self) -> None:
        """Wait until nothing is under way.

        Raises:
            Exception: the first error of a worker.
        """
        for _ in range(self._size):
            self._wait_for_room()
        self._room.release(self._size)
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Wait for all submitted deliveries, unless the pool was stopped, and end the threads."""
        self._executor.shutdown()

    def _wait_for_room(self) -> None:
        while not self._room.acquire(timeout=CHECK_INTERVAL_SECONDS):
            pass

    def _run(self, deliver: Callable[[], object]) -> None:
        try:
            self._stopping.sleep(0)
            deliver()
        except StopOrder:
            pass
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self.stop(error)
        finally:
            self._room.release()
