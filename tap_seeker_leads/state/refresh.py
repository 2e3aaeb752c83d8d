"""Which periods to read again, so that what was erased since comes out: pure arithmetic on whole Unix seconds.

Time is cut into the windows of a grid that never moves. A cycle goes through all of them, oldest first, each at its
share of the cycle: of 157 windows in 30 days, one is due every 4.6 hours, however many runs there are. So after a run
that ended well, every instant was read within the last cycle's length. A run that comes late reads all that is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seeker_leads_api import contract

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A window of the grid, aligned to the epoch: what one request may ask for, less the second that goes to its left edge.
GRID_SECONDS = contract.MAX_PERIOD_SECONDS - 1
#: Older leads must be gone from all systems, and are not read again.
LIFE_SECONDS = contract.LEAD_LIFE_DAYS * 86_400
#: Clocks of machines that share a state may differ by so much.
CLOCK_TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Cycle:
    """How far the refresh is: all that a state keeps of it. Instants in Unix seconds."""

    next: int  #: what lies before this was read again in this cycle
    started_at: int
    verified_since: int | None  #: everything was read again after this; None until that is known

    def is_in_the_future(self, now: int) -> bool:
        """Return whether it was written by a clock that was ahead, or this one is behind."""
        return max(self.started_at, self.verified_since or 0) > now + CLOCK_TOLERANCE_SECONDS

    def age_seconds(self, now: int) -> int:
        """Return how long ago the oldest reading may be; until the first cycle has ended, since that began."""
        since = self.started_at if self.verified_since is None else self.verified_since
        return max(now - since, 0)


@dataclass(frozen=True, slots=True)
class _Span:
    """The instants from `start` to before `end`."""

    start: int
    end: int

    @property
    def windows(self) -> int:
        """How many windows of the grid it touches."""
        return 0 if self.start >= self.end else (self.end - 1) // GRID_SECONDS - self.start // GRID_SECONDS + 1


@dataclass(frozen=True, slots=True)
class RefreshSpan(_Span):
    """What the refresh keeps verified: from `start` to where the live part of the run began."""

    def due_until(self, elapsed_seconds: int, cycle_seconds: int) -> int:
        """Return up to where a cycle has come after a part of its time."""
        if elapsed_seconds >= cycle_seconds:
            return self.end
        due = elapsed_seconds * self.windows // cycle_seconds
        return self._within((self.start // GRID_SECONDS + due) * GRID_SECONDS)

    def elapsed_at(self, instant: int, cycle_seconds: int) -> int:
        """Return after which part of a cycle's time the windows before that of an instant are due, and no other is."""
        before = instant // GRID_SECONDS - self.start // GRID_SECONDS
        return -(-before * cycle_seconds // self.windows) if self.windows else 0

    def _within(self, instant: int) -> int:
        return min(max(instant, self.start), max(self.end, self.start))


@dataclass(frozen=True, slots=True)
class Stretch(_Span):
    """Windows in a row to read now, and what the state becomes; without windows where `start` is `end`."""

    cycle: Cycle  #: the one that they belong to
    ended: Cycle  #: what it is once all of them are read

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield start and end of each of them, as far as it lies within."""
        start = self.start
        while start < self.end:
            edge = min((start // GRID_SECONDS + 1) * GRID_SECONDS, self.end)
            yield start, edge
            start = edge

    def read_up_to(self, instant: int) -> Cycle:
        """Return what the state becomes once a part is read."""
        return replace(self.cycle, next=max(instant, self.cycle.next))


def cycle_to_go_on(cycle: Cycle | None, span: RefreshSpan, *, now: int, clock: int) -> Cycle:
    """Return the cycle of a run whose live part began at the span's end; a new one has nothing due.

    A live part that went through the whole span has verified it. Without a cycle, or with one of a clock that was
    ahead, it is not known when the leads were read last. `clock` is this machine's, which an old answer of a proxy does
    not put back as it may `now`.
    """
    if span.start >= span.end:
        return Cycle(span.start, now, now)
    if cycle is None or cycle.is_in_the_future(clock):
        return Cycle(span.start, now, None)
    return cycle


def stretches_due(cycle: Cycle, span: RefreshSpan, *, now: int, cycle_seconds: int) -> tuple[Stretch, ...]:
    """Return what a run is to read again, in order: the rest of a cycle that is over first. No instant is in two."""
    elapsed_seconds = max(now - cycle.started_at, 0)
    first = min(max(cycle.next, span.start), max(span.end, span.start))
    cycles, rest_seconds = divmod(elapsed_seconds, cycle_seconds)
    if not cycles:
        until = span.due_until(elapsed_seconds, cycle_seconds)
        due = Stretch(first, until, cycle, replace(cycle, next=until))
        return (due,) if due.windows else ()
    verified_since = max(cycle.started_at, cycle.verified_since or 0)
    following = Cycle(span.start, now - rest_seconds, verified_since)
    rest = Stretch(first, span.end, cycle, following)
    until = span.due_until(rest_seconds, cycle_seconds)
    if cycles == 1 and until < first:
        return rest, Stretch(span.start, until, following, replace(following, next=until))
    # The run goes once round. What it reads first is due again no earlier than a whole cycle from now.
    following = replace(following, started_at=now - span.elapsed_at(first, cycle_seconds))
    rest = replace(rest, ended=following)
    return rest, Stretch(span.start, first, following, replace(following, next=first, verified_since=now))
