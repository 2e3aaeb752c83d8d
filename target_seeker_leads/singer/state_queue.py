"""Passes a STATE on as soon as all records before it are settled, and never earlier."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Ticket:
    """A record's place in the order of the input."""

    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class _State:
    value: Any


class StateQueue:
    """Keeps the order of records and STATEs. Records may be settled by any thread, in any order."""

    def __init__(self, pass_on: Callable[[Any], object]) -> None:
        self._pass_on = pass_on
        self._lock = threading.Lock()
        self._waiting: deque[Ticket | _State] = deque()
        self._ready: _State | None = None
        self._is_passing_on = False

    def record(self) -> Ticket:
        """Register a record; the STATEs after it wait for it."""
        ticket = Ticket()
        with self._lock:
            self._waiting.append(ticket)
        return ticket

    def settled(self, ticket: Ticket) -> None:
        """Mark a record as settled, and pass on the latest STATE that waits for no other record."""
        with self._lock:
            ticket.is_settled = True
            self._release()
        self._pass_on_ready()

    def state(self, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Register a STATE; it is passed on at once if no record is open."""
        with self._lock:
            if self._waiting and isinstance(self._waiting[-1], _State):
                self._waiting.pop()  # the newer STATE replaces the older one
            self._waiting.append(_State(value))
            self._release()
        self._pass_on_ready()

    def _release(self) -> None:
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, _State):
                self._ready = first
            elif not first.is_settled:
                break
            self._waiting.popleft()

    def _pass_on_ready(self) -> None:
        # One thread at a time passes STATEs on, for the other threads too, so that no STATE overtakes another. It does
        # so without the lock: a slow reader of stdout must not stop records from being settled.
        while True:
            with self._lock:
                if self._is_passing_on or self._ready is None:
                    return
                ready, self._ready, self._is_passing_on = self._ready, None, True
            try:
                self._pass_on(ready.value)
            finally:
                with self._lock:
                    self._is_passing_on = False
