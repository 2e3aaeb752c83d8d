"""Threads that make requests for the main thread, and end soon after it stops waiting for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from seeker_leads_api.stopping import CHECK_INTERVAL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from seeker_leads_api.stopping import Stopping

T = TypeVar("T")
R = TypeVar("R")


class StoppablePool:
    """A context with `workers` threads; when it ends, by a signal too, every wait through `stopping` ends."""

    def __init__(self, workers: int, stopping: Stopping) -> None:
        self._executor = ThreadPoolExecutor(workers)
        self._stopping = stopping

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopping.order()
        self._executor.shutdown(cancel_futures=True)

    def map(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
        """Call `function` with all items, as many at once as there are threads; yield the results in order.

        Raises:
            Exception: the error of a call; calls that have not started never start.
        """
        futures = [self._executor.submit(function, item) for item in items]
        try:
            for future in futures:
                # A signal that arrives just before a wait, or in another thread, does not end the wait.
                while not wait([future], CHECK_INTERVAL_SECONDS).done:
                    pass
                yield future.result()
        finally:
            for future in futures:
                future.cancel()
