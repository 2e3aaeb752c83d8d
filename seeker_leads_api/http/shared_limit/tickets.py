"""The tickets that the threads of one run wait for and hold."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class Ticket:
    """One thread's request for a permit; once it is granted, it is a slot with a start."""

    granted: threading.Event = field(default_factory=threading.Event)
    start: float = 0.0  #: by the server's clock


class Tickets:
    """All tickets of a run; any thread may take one. `wait` is for the one thread that polls the server."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_changed = False
        self._waiting: deque[Ticket] = deque()
        self._held: set[Ticket] = set()

    def take(self) -> Ticket:
        """Return a waiting ticket."""
        with self._changed:
            ticket = Ticket()
            self._waiting.append(ticket)
            self._notify()
        return ticket

    def give_back(self, ticket: Ticket) -> None:
        """Remove a ticket, whether it is waiting or granted."""
        with self._changed:
            if ticket in self._held:
                self._held.remove(ticket)
            else:
                self._waiting.remove(ticket)
            self._notify()

    def wake(self) -> None:
        """Poll the server now."""
        with self._changed:
            self._notify()

    def wait(self, waiting_seconds: float, idle_seconds: float) -> tuple[int, int]:
        """Wait for a change (the shorter time if tickets wait); return how many tickets are held and how many wait."""
        with self._changed:
            seconds = waiting_seconds if self._waiting else idle_seconds
            self._changed.wait_for(lambda: self._is_changed, seconds)
            self._is_changed = False
            return len(self._held), len(self._waiting)

    def grant(self, starts: tuple[float, ...]) -> None:
        """Distribute the starts that the server granted."""
        with self._changed:
            # If no thread waits for some of the starts any more, the next poll, at once, gives them up.
            self._is_changed = self._is_changed or len(starts) > len(self._waiting)
            for start in starts[: len(self._waiting)]:
                ticket = self._waiting.popleft()
                ticket.start = start
                self._held.add(ticket)
                ticket.granted.set()

    def _notify(self) -> None:
        self._is_changed = True
        self._changed.notify()
