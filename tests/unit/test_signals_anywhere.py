"""A signal belongs to the process: any thread may receive it, also just before the main thread begins to wait."""

from __future__ import annotations

import contextlib
import itertools
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import pytest

from seeker_leads_api import stopping as stopping_module
from seeker_leads_api.errors import StoppedError
from seeker_leads_api.stoppable_pool import StoppablePool
from seeker_leads_api.stopping import StopOrder, Stopping
from tap_seeker_leads.reading.readers import ReaderPool
from target_seeker_leads.delivery.worker_pool import WorkerPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any, TypeAlias

    TraceFunction: TypeAlias = Callable[[FrameType, str, Any], Any]


#: How long a wait would take that nothing ends.
LONG_SECONDS = 60
NUMBER = signal.SIGUSR1


@contextmanager
def handled_by(stop: Callable[[int], object]) -> Iterator[None]:
    before = signal.signal(NUMBER, lambda number, _: stop(number))
    try:
        yield
    finally:
        signal.signal(NUMBER, before)


def receive_once_main_waits_in(function: str) -> None:
    """Receive the signal in this thread, so that it does not interrupt a call of the main thread."""
    main = threading.main_thread().ident
    while not any(name == function for name in names(sys._current_frames().get(cast("int", main)))):
        pass
    signal.pthread_kill(threading.get_ident(), NUMBER)


def names(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield frame.f_code.co_name
        frame = frame.f_back


@pytest.mark.timeout(LONG_SECONDS // 2)
def test_target_stops_on_a_signal_of_another_thread() -> None:
    """While it waits for requests in flight, the target stops at once instead of at the next answer."""
    stopping = Stopping()
    pool = WorkerPool(1, stopping)

    def deliver() -> None:
        receive_once_main_waits_in("_wait_for_room")
        stopping.sleep(LONG_SECONDS)

    with handled_by(lambda number: pool.stop(StoppedError(number))):
        pool.submit(deliver)
        with pytest.raises(StoppedError):
            pool.drain()
        pool.close()


@pytest.mark.timeout(LONG_SECONDS // 2)
def test_tap_stops_on_a_signal_of_another_thread() -> None:
    """While it waits for pages, the tap stops at once instead of at the next page."""
    stopping = Stopping()

    class StuckTurn:
        def read(self) -> None:
            receive_once_main_waits_in("next_event")
            stopping.sleep(LONG_SECONDS)

    class OneTurn:
        left = 1

        def turns(self) -> int:
            return self.left

        def take(self) -> StuckTurn:
            self.left -= 1
            return StuckTurn()

    pool: ReaderPool[OneTurn] = ReaderPool(stopping, readers=1, readers_per_account=1)
    pool.offer(OneTurn())
    with handled_by(pool.stop), pytest.raises(StoppedError):
        pool.next_event()
    pool.close()


@pytest.mark.timeout(LONG_SECONDS // 2)
def test_pool_stops_on_a_signal_of_another_thread() -> None:
    """While it waits for requests of `--test` or `--verify`, the main thread stops at once, and so do the requests."""
    stopping = Stopping()
    started: list[int] = []

    def ask(number: int) -> None:
        started.append(number)
        receive_once_main_waits_in("map")
        stopping.sleep(LONG_SECONDS)

    def stop(number: int) -> None:
        raise StoppedError(number)

    with handled_by(stop), pytest.raises(StoppedError), StoppablePool(1, stopping) as pool:
        list(pool.map(ask, [1, 2]))
    assert started == [1]


def interrupted_at(line: int) -> bool:
    """Wait in the main thread, and stop it by a signal at a line of the wait; return whether there is such a line."""
    stopping, lines = Stopping(), itertools.count()

    def signal_at_line(frame: FrameType, event: str, _: object) -> TraceFunction:
        is_in_the_wait = frame.f_code.co_filename in {stopping_module.__file__, threading.__file__}
        if is_in_the_wait and event == "line" and next(lines) == line:
            signal.raise_signal(NUMBER)
        return signal_at_line

    before = sys.gettrace()
    with handled_by(lambda _: stopping.order()), contextlib.suppress(StopOrder):
        sys.settrace(signal_at_line)
        try:
            stopping.sleep(0.01)
        finally:
            sys.settrace(before)
    if next(lines) <= line:
        return False
    with pytest.raises(StopOrder):
        stopping.sleep(0)
    return True


@pytest.mark.timeout(LONG_SECONDS // 2)
def test_stop_at_any_line_of_a_wait_blocks_nothing() -> None:
    """A signal handler that interrupts the main thread in a wait does not wait for what that thread holds."""
    assert sum(itertools.takewhile(bool, map(interrupted_at, itertools.count()))) > 10  # of lines
