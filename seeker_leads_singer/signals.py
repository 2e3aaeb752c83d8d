"""Handles SIGINT, SIGTERM and SIGHUP: which of them count, and what they stop."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from seeker_leads_api.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Airflow, systemd and `timeout` signal the process group, and Meltano in that group passes the signal on to its
#: plugins at once, so one signal arrives twice. The same signal after this time is a request to end at once.
SAME_SIGNAL_SECONDS = 2.0
#: Set once the command is over: a signal has nothing left to stop, and must not interrupt the last line or the exit.
_is_over = threading.Event()


@dataclass
class StopSignals:
    """Distinguishes a first signal (stop gracefully), its echo (ignore), and a repeated signal (end at once)."""

    clock: Callable[[], float] = time.monotonic
    _first_at: dict[int, float] = field(default_factory=dict)

    def is_new(self, number: int) -> bool:
        """Return whether to stop gracefully for this signal; the same signal much later ends the program at once."""
        now = self.clock()
        if number not in self._first_at:
            self._first_at[number] = now
            return True
        if now - self._first_at[number] > SAME_SIGNAL_SECONDS:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        return False


@contextlib.contextmanager
def handed_to(stop: Callable[[int], object]) -> Iterator[None]:
    """Construct a plugin within this context: signals are held back until its end, and each that counts calls `stop`.

    The SDK's constructor sets handlers that end the program anywhere, with status 0. They never receive a signal.

    Raises:
        StoppedError: a signal arrived and the constructor failed, so there is nothing to stop.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers, and neither does the SDK here
        return
    signals = StopSignals()
    is_constructed = False
    _is_over.clear()

    def handle(number: int, _: FrameType | None) -> None:
        if not signals.is_new(number) or _is_over.is_set():
            return
        if not is_constructed:
            raise StoppedError(number)
        stop(number)

    # Under `nohup`, SIGHUP stays ignored.
    stops = [number for number in _STOPS if signal.getsignal(number) is not signal.SIG_IGN]
    mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    try:
        yield
        is_constructed = True
    finally:
        for number in stops:
            signal.signal(number, handle)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask_before)


def command_is_over() -> None:
    """Let signals stop nothing from now on; the same signal again still ends the program at once."""
    _is_over.set()
