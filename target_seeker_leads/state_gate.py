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


class StateGate:
    """Keeps the order of records and STATEs. Records may be settled by any thread, in any order."""

    def __init__(self, pass_on: Callable[[Any], object]) -> None:
        self._pass_on = pass_on
        self._turn = threading.Lock()
        self._waiting: deque[Ticket | _State] = deque()

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

    def state(self, value: Any) -> None:  # noqa: ANN401  # any JSON
        """Note a STATE; it is passed on at once where nothing is open."""
        with self._turn:
            if self._waiting and isinstance(self._waiting[-1], _State):
                self._waiting.pop()  # the newer one says all that the older one did
            self._waiting.append(_State(value))
            self._release()

    def _release(self) -> None:
        latest = None
        while self._waiting:
            first = self._waiting[0]
            if isinstance(first, Ticket) and not first.is_settled:
                break
            if isinstance(first, _State):
                latest = first
            self._waiting.popleft()
        if latest is not None:
            # Within the turn: two STATEs must not overtake each other on their way out.
            self._pass_on(latest.value)
