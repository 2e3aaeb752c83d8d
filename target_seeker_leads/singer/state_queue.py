"""When a STATE may be passed on: as soon as everything that came before it is settled, and never earlier."""

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
        self._turn = threading.Lock()
        self._waiting: deque[Ticket | _State] = deque()
        self._ready: _State | None = None
        self._is_passing_on = False

    def record(self) -> Ticket:
        """Note a record; what comes after it waits for it."""
        ticket = Ticket()
        with self._turn:
            self._waiting.append(ticket)
        return ticket

    def settled(self, ticket: Ticket) -> None:
        """Note that a record is delivered or kept; passes on the latest STATE that waited for nothing else."""
        with self._turn:
            ticket.is_settled = True
            self._release()
        self._pass_on_what_is_ready()

    def state(self, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Note a STATE; it is passed on at once where nothing is open."""
        with self._turn:
            if self._waiting and isinstance(self._waiting[-1], _State):
                self._waiting.pop()  # the newer one says all that the older one did
            self._waiting.append(_State(value))
            self._release()
        self._pass_on_what_is_ready()

    def _release(self) -> None:
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, _State):
                self._ready = first
            elif not first.is_settled:
                break
            self._waiting.popleft()

    def _pass_on_what_is_ready(self) -> None:
        # One thread at a time, so that no STATE overtakes another; the others leave theirs to it. Outside the turn: a
        # reader of stdout that is slow must not keep records from being settled.
        while True:
            with self._turn:
                if self._is_passing_on or self._ready is None:
                    return
                ready, self._ready, self._is_passing_on = self._ready, None, True
            try:
                self._pass_on(ready.value)
            finally:
                with self._turn:
                    self._is_passing_on = False
