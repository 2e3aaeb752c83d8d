"""Which account makes the next request: fair turns, as a pure decision."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable


class Turn(Protocol):
    """One request, and the handling of its answer."""

    def read(self) -> None:
        """Make the request, and pass on what was found."""


class Source(Protocol):
    """An account that has requests to make."""

    def turns(self) -> int:
        """Return how many requests could be made now."""

    def take(self) -> Turn | None:
        """Return one of them, or None."""


SourceT = TypeVar("SourceT", bound=Source)


class Turns(Generic[SourceT]):
    """Gives the next turn to the account with the fewest requests under way; of several, to the longest waiting one.

    So an account with much to read uses the turns that others do not need, and a slow one gets no more than its share.
    Not thread-safe: the caller must hold a lock. `clock` is in seconds.
    """

    def __init__(self, *, max_in_flight: int, clock: Callable[[], float]) -> None:
        self._max_in_flight = max_in_flight  # of one account
        self._clock = clock
        #: By number of requests under way: each source that waits, with the instant when its wait began.
        self._waiting: defaultdict[int, dict[SourceT, float]] = defaultdict(dict)
        self._under_way: dict[SourceT, int] = {}
        self._failed: set[SourceT] = set()
        #: The longest time that each source waited for a turn with no request under way.
        self.longest_waits: dict[SourceT, float] = {}

    def put(self, source: SourceT) -> None:
        """Note that a source may have turns now."""
        if source in self._failed:
            return
        under_way = self._under_way.get(source, 0)
        waiting = self._waiting[under_way]
        if under_way < self._max_in_flight and source not in waiting and source.turns():
            waiting[source] = self._clock()

    def take(self) -> tuple[SourceT, Turn] | None:
        """Return the next turn, or None if no source has one; the caller must call `done` after it."""
        for under_way in sorted(self._waiting):
            waiting = self._waiting[under_way]
            while waiting:
                source = next(iter(waiting))
                since = waiting.pop(source)
                turn = None if source in self._failed else source.take()
                if turn is None:
                    continue
                if not under_way:
                    waited = self._clock() - since
                    self.longest_waits[source] = max(waited, self.longest_waits.get(source, 0.0))
                self._under_way[source] = under_way + 1
                self.put(source)
                return source, turn
        return None

    def done(self, source: SourceT, *, is_failed: bool = False) -> None:
        """Note that a turn of a source is over; a failed turn is the source's last."""
        if is_failed:
            self._failed.add(source)
        under_way = self._under_way.pop(source)
        since = self._waiting[under_way].pop(source, None)
        if under_way > 1:
            self._under_way[source] = under_way - 1
        if since is not None and source not in self._failed and source.turns():
            self._waiting[under_way - 1][source] = since
        else:
            self.put(source)

    def count(self, limit: int) -> int:
        """Return how many turns could be given now, but at most `limit`."""
        found = 0
        for under_way, waiting in self._waiting.items():
            for source in waiting:
                found += min(source.turns(), self._max_in_flight - under_way)
                if found >= limit:
                    return limit
        return found
