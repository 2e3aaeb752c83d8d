"""The readers of a run: one pool for all accounts, which passes on what it finds, a few pages at a time."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Generic, TypeVar

from seeker_leads_api.errors import StoppedError
from seeker_leads_api.stopping import CHECK_INTERVAL_SECONDS, StopOrder
from tap_seeker_leads.reading.events import Failed, PageRead
from tap_seeker_leads.reading.turns import Source, Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from seeker_leads_api.stopping import Stopping
    from tap_seeker_leads.reading.events import Event
    from tap_seeker_leads.reading.turns import Turn

#: How long the end of a run waits for readers in the middle of a request.
_JOIN_SECONDS = 1.0
#: The most threads: those that read, and those that wait between two tries of a request.
MAX_THREADS = 100
#: A reader that waits for less than this keeps its place.
MIN_RELEASE_SECONDS = 0.2
SourceT = TypeVar("SourceT", bound=Source)


class ReaderPool(Generic[SourceT]):
    """Takes the turns of all sources, with at most `readers` concurrent requests; `next_event` returns what they find.

    Threads start as they are needed. A thread that waits between two tries of a request leaves its place to another,
    see `releasing_slot`. The pages in flight bound the memory: a reader takes its next turn only once there was room
    for what it found.
    """

    def __init__(
        self,
        stopping: Stopping,
        *,
        readers: int,
        readers_per_account: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stopping = stopping
        self._readers = readers
        self._turns: Turns[SourceT] = Turns(max_in_flight=readers_per_account, clock=clock)
        self._changed = threading.Condition()
        self._busy = 0  # readers that have a turn, and are not waiting between two tries
        self._free = 0  # threads without a turn
        self._threads: list[threading.Thread] = []
        self._is_closed = False
        # A signal handler may put into a SimpleQueue; the semaphore bounds it.
        self._events: queue.SimpleQueue[tuple[SourceT | None, Event]] = queue.SimpleQueue()
        self._room = threading.Semaphore(readers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # For the main thread

    def offer(self, source: SourceT) -> None:
        """Note that a source has turns to take."""
        with self._changed:
            self._turns.put(source)
            self._wake_a_reader()

    def next_event(self) -> tuple[SourceT, Event]:
        """Wait for the next event of a reader.

        Raises:
            StoppedError: `stop` was called.
        """
        while True:
            # A signal that arrives just before the wait, or in another thread, does not end the wait.
            with contextlib.suppress(queue.Empty):
                source, event = self._events.get(timeout=CHECK_INTERVAL_SECONDS)
                if isinstance(event, PageRead):
                    self._room.release()
                if source is not None:
                    return source, event
                if isinstance(event, Failed):
                    raise event.error

    def stop(self, signal_number: int) -> None:
        """End the reading from within a signal handler; `next_event` then raises StoppedError."""
        self._events.put((None, Failed(StoppedError(signal_number))))

    def close(self) -> None:
        """Let no reader begin anything new, and wait briefly for those in the middle of a request."""
        self._stopping.order()
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        ends_at = time.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            thread.join(max(ends_at - time.monotonic(), 0))

    def longest_wait(self, source: SourceT) -> float:
        """Return the longest time, in seconds, that a source waited for a turn while it had none under way."""
        return self._turns.longest_waits.get(source, 0.0)

    # For readers

    def put_event(self, source: SourceT, event: Event) -> None:
        """Pass on what was found, after waiting for room if it is a page.

        Raises:
            StopOrder: the pool is closed.
        """
        if isinstance(event, PageRead):
            self._stopping.acquire(self._room)
        self._events.put((source, event))

    def idle_readers(self) -> int:
        """Return how many readers have nothing to do."""
        with self._changed:
            idle = self._readers - self._busy
            return max(idle - self._turns.count(idle), 0) if idle > 0 else 0

    def releasing_slot(self, sleep: Callable[[float], object]) -> Callable[[float], object]:
        """Wrap a sleep so that another reader takes turns while this one sleeps."""

        def sleep_without_slot(seconds: float) -> None:
            if seconds < MIN_RELEASE_SECONDS:
                sleep(seconds)
                return
            with self._changed:
                self._busy -= 1
                self._wake_a_reader()
            try:
                sleep(seconds)
            finally:
                with self._changed:
                    self._busy += 1

        return sleep_without_slot

    def _wake_a_reader(self) -> None:
        """Put one more thread to work if a turn and a place are free; it calls the next one. The lock must be held."""
        if self._busy >= self._readers or not self._turns.count(1):
            return
        if self._free:
            self._changed.notify()
        elif len(self._threads) < MAX_THREADS:
            # A daemon, so that a thread stuck in a request does not keep a stopped program alive.
            thread = threading.Thread(target=self._read, name=f"reader-{len(self._threads)}", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # a container may limit the number of threads: those that there are take all turns
                if not self._threads:
                    raise
                return
            self._threads.append(thread)
            self._free += 1

    def _read(self) -> None:
        taken = self._next()
        while taken is not None:
            source, turn = taken
            is_failed = False
            try:
                turn.read()
            except StopOrder:
                pass  # this source has ended, or the pool is closed
            except BaseException as error:  # noqa: BLE001  # the main thread ends the source
                is_failed = True
                self._events.put((source, Failed(error)))
            taken = self._next(after=source, is_failed=is_failed)

    def _next(self, after: SourceT | None = None, *, is_failed: bool = False) -> tuple[SourceT, Turn] | None:
        """Return the next turn once a turn and a place are free, or None when the pool is closed."""
        with self._changed:
            if after is not None:
                self._turns.done(after, is_failed=is_failed)
                self._busy -= 1
                self._free += 1
            while not self._is_closed:
                if self._busy < self._readers and (taken := self._turns.take()) is not None:
                    self._busy += 1
                    self._free -= 1
                    self._wake_a_reader()
                    return taken
                self._changed.wait()
            return None
