"""Windows read at once: pages handed on as they come, from whichever window, and never more than a few at a time."""

from __future__ import annotations

import contextlib
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from seeker_leads_api.errors import StoppedError
from tap_seeker_leads.leads.page import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.paginator import LeadsPaginator, PageRequest
    from tap_seeker_leads.reading.window_plan import WindowPlan
    from tap_seeker_leads.reading.windows import Window

#: How long the end of a run waits for readers that are in the middle of a request.
_JOIN_SECONDS = 1.0
#: How often a reader that waits for room looks whether it is to stop.
_STOP_INTERVAL_SECONDS = 0.5
#: How often the main thread wakes up while it waits for what readers find.
_LOOK_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page, and the window that it was asked for."""

    window: Window
    page: Page
    date: str | None  #: the answer's header


@dataclass(frozen=True, slots=True)
class WindowRead:
    """Every page of the window came before this."""

    window: Window


@dataclass(frozen=True, slots=True)
class _Ended:
    """A reader has nothing left to read, or met an error."""

    error: BaseException | None


Event: TypeAlias = "PageRead | WindowRead"
OpenPaginator: TypeAlias = "Callable[[], LeadsPaginator]"
Fetch: TypeAlias = "Callable[[PageRequest], requests.Response]"


class WindowReaders:
    """Reads the windows of a plan with several threads; `events` yields what they find.

    Memory is bounded by the pages in flight: a reader asks for its next page only when there is room for it.
    """

    def __init__(self, plan: WindowPlan, readers: int) -> None:
        self._plan = plan
        self._readers = readers
        # SimpleQueue may be filled within a signal handler; what bounds it is the semaphore.
        self._found: queue.SimpleQueue[PageRead | WindowRead | _Ended] = queue.SimpleQueue()
        self._room = threading.Semaphore(2 * readers)
        self._stopping = threading.Event()

    def sleep(self, seconds: float) -> None:
        """Wait, unless the readers are to stop.

        Raises:
            _StopReading: they are.
        """
        if self._stopping.wait(seconds):
            raise _StopReading

    def window_read(self, window: Window) -> None:
        """Note that a reader has handed on every page of a window."""
        self._found.put(WindowRead(window))

    def stop(self, signal_number: int) -> None:
        """End the reading from within a signal handler; `events` raises StoppedError for it."""
        self._found.put(_Ended(StoppedError(signal_number)))

    def events(self, open_paginator: OpenPaginator, fetch: Fetch) -> Iterator[Event]:
        """Yield pages and finished windows until all is read.

        Raises:
            Exception: the error that a reader met first; what was found before it has been yielded.
        """
        # Daemons: one that is stuck in a request must not keep a stopped program alive.
        threads = [
            threading.Thread(target=self._read, args=(open_paginator, fetch), name=f"reader-{number}", daemon=True)
            for number in range(self._readers)
        ]
        for thread in threads:
            thread.start()
        running = len(threads)
        try:
            while running:
                match found := self._next():
                    case PageRead():
                        self._room.release()
                        yield found
                    case WindowRead():
                        yield found
                    case _Ended(error):
                        if error is not None:
                            raise error
                        running -= 1
        finally:
            self._stopping.set()
            self._plan.close()
            for thread in threads:
                thread.join(_JOIN_SECONDS / len(threads))

    def _next(self) -> PageRead | WindowRead | _Ended:
        while True:
            # A signal that comes just before the wait, or to another thread, does not end it: it is heard of after.
            with contextlib.suppress(queue.Empty):
                return self._found.get(timeout=_LOOK_INTERVAL_SECONDS)

    def _read(self, open_paginator: OpenPaginator, fetch: Fetch) -> None:
        try:
            paginator = open_paginator()
            while (request := paginator.current_value) is not None:
                self.sleep(0)
                while not self._room.acquire(timeout=_STOP_INTERVAL_SECONDS):
                    self.sleep(0)
                response = fetch(request)
                self._found.put(PageRead(request.window, page_of(response), response.headers.get("Date")))
                paginator.advance(response)
        except _StopReading:
            self._found.put(_Ended(None))
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self._found.put(_Ended(error))
        else:
            self._found.put(_Ended(None))


class _StopReading(Exception):  # noqa: N818  # an order, not an error
    """Ends a reader from within whatever it waits for."""
