"""Windows read at once: pages handed on as they come, from whichever window, and never more than a few at a time."""

from __future__ import annotations

import contextlib
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from seeker_leads_api.errors import RequestRejectedError, StoppedError
from seeker_leads_api.stopping import CHECK_INTERVAL_SECONDS, StopOrder
from tap_seeker_leads.leads.page import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from seeker_leads_api.client import ApiClient
    from seeker_leads_api.stopping import Stopping
    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.reading.paginator import LeadsPaginator
    from tap_seeker_leads.reading.window_plan import WindowPlan
    from tap_seeker_leads.reading.windows import Window

PATH = "/leads"
#: How long the end of a run waits for readers that are in the middle of a request.
_JOIN_SECONDS = 1.0


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


class WindowReaders:
    """Reads the windows of a plan with several threads; `events` yields what they find.

    Memory is bounded by the pages in flight: a reader asks for its next page only when there is room for it.
    """

    def __init__(
        self, plan: WindowPlan, client: ApiClient, stopping: Stopping, *, readers: int, page_size: int
    ) -> None:
        self._plan = plan
        self._client = client
        self._stopping = stopping
        self._readers = readers
        self._page_size = page_size
        # SimpleQueue may be filled within a signal handler; what bounds it is the semaphore.
        self._found: queue.SimpleQueue[PageRead | WindowRead | _Ended] = queue.SimpleQueue()
        self._room = threading.Semaphore(2 * readers)

    def window_read(self, window: Window) -> None:
        """Note that a reader has handed on every page of a window."""
        self._found.put(WindowRead(window))

    def stop(self, signal_number: int) -> None:
        """End the reading from within a signal handler; `events` raises StoppedError for it."""
        self._found.put(_Ended(StoppedError(signal_number)))

    def events(self, open_paginator: OpenPaginator) -> Iterator[Event]:
        """Yield pages and finished windows until all is read.

        Raises:
            Exception: the error that a reader met first; what was found before it has been yielded.
        """
        # Daemons: one that is stuck in a request must not keep a stopped program alive.
        threads = [
            threading.Thread(target=self._read, args=(open_paginator,), name=f"reader-{number}", daemon=True)
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
            if running:
                self._stopping.order()
            self._plan.close()
            for thread in threads:
                thread.join(_JOIN_SECONDS / len(threads))

    def _next(self) -> PageRead | WindowRead | _Ended:
        while True:
            # A signal that arrives just before the wait, or in another thread, does not end it.
            with contextlib.suppress(queue.Empty):
                return self._found.get(timeout=CHECK_INTERVAL_SECONDS)

    def _read(self, open_paginator: OpenPaginator) -> None:
        try:
            paginator = open_paginator()
            while (request := paginator.current_value) is not None:
                self._stopping.acquire(self._room)
                try:
                    response = ask(self._client, paginator, self._page_size)
                except RequestRejectedError:
                    if not request.is_beyond:
                        raise
                    self._room.release()
                    paginator.nothing_beyond()
                    continue
                page = paginator.new_page(response)
                self._found.put(PageRead(request.window, page, response.headers.get("Date")))
                paginator.advance(response)
        except StopOrder:
            self._found.put(_Ended(None))
        except BaseException as error:  # noqa: BLE001  # raised again in the main thread
            self._found.put(_Ended(error))
        else:
            self._found.put(_Ended(None))


def ask(client: ApiClient, paginator: LeadsPaginator, page_size: int) -> requests.Response:
    """Return the answer that holds the paginator's page, tried again after passing faults.

    Raises:
        SeekerLeadsError: there is none.
    """

    def attempt(token: str) -> requests.Response:
        with paginator.attempt() as request:
            response = client.get(PATH, request.query(page_size), token=token)
        page_of(response)  # a body that is not a page is a passing fault too
        return response

    return client.retried(attempt)
