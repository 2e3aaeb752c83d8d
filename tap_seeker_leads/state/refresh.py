"""Which periods to read again, so that later erasures are emitted: pure arithmetic on whole Unix seconds.

A fixed grid cuts time into windows. A cycle goes through all of them, oldest first, each at its share of the cycle: of
157 windows in 30 days, one is due every 4.6 hours, however many runs there are. So after a successful run, every
instant was read within the length of one cycle. A late run reads everything that is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from seeker_leads_api import contract

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A window of the grid, aligned to the epoch: the longest period of a request, less the second before its start.
GRID_SECONDS = contract.MAX_PERIOD_SECONDS - 1
#: Older leads must be deleted everywhere, and are not read again.
LIFE_SECONDS = contract.LEAD_LIFE_DAYS * 86_400
#: The clocks of machines that share a state may differ by this much.
CLOCK_TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Cycle:
    """How far the refresh has come: all that a state stores about it. Instants are in Unix seconds."""

    next: int  #: everything before this was read again in this cycle
    started_at: int
    verified_since: int | None  #: everything was read again since this instant; None until it is known

    @property
    def latest(self) -> int:
        """The latest instant at which something is known to have been read."""
        return max(self.started_at, self.verified_since or self.started_at)

    def is_in_the_future(self, now: int) -> bool:
        """Return whether the clock that wrote it was ahead, or this clock is behind."""
        return self.latest > now + CLOCK_TOLERANCE_SECONDS

    def age_seconds(self, now: int) -> int:
        """Return how long ago the oldest reading may be; during the first cycle, how long ago that began."""
        since = self.started_at if self.verified_since is None else self.verified_since
        return max(now - since, 0)


@dataclass(frozen=True, slots=True)
class _Span:
    """The instants from `start` up to, but without, `end`."""

    start: int
    end: int

    @property
    def windows(self) -> int:
        """How many windows of the grid it touches."""
        return 0 if self.start >= self.end else (self.end - 1) // GRID_SECONDS - self.start // GRID_SECONDS + 1


@dataclass(frozen=True, slots=True)
class RefreshSpan(_Span):
    """The span that the refresh keeps verified: from `start` to where the live part of the run began."""

    def due_until(self, elapsed_seconds: int, cycle_seconds: int) -> int:
        """Return the instant up to which a cycle is due after a part of its time."""
        due = elapsed_seconds * self.windows // cycle_seconds
        return self._within((self.start // GRID_SECONDS + due) * GRID_SECONDS)

    def elapsed_at(self, instant: int, cycle_seconds: int) -> int:
        """Return the part of a cycle's time after which exactly the windows before that of an instant are due."""
        before = instant // GRID_SECONDS - self.start // GRID_SECONDS
        return -(-before * cycle_seconds // self.windows) if self.windows else 0

    def _within(self, instant: int) -> int:
        return min(max(instant, self.start), max(self.end, self.start))


@dataclass(frozen=True, slots=True)
class Stretch(_Span):
    """Consecutive windows to read now, and the state after them; there are none if `start` equals `end`."""

    cycle: Cycle  #: the cycle that they belong to
    ended: Cycle  #: the cycle once all of them are read

    def pieces(self) -> Iterator[tuple[int, int]]:
        """Yield the start and end of each window, clipped to the stretch."""
        start = self.start
        while start < self.end:
            edge = min((start // GRID_SECONDS + 1) * GRID_SECONDS, self.end)
            yield start, edge
            start = edge

    def read_up_to(self, instant: int) -> Cycle:
        """Return the cycle once the stretch is read up to an instant."""
        return replace(self.cycle, next=max(instant, self.cycle.next))


def current_cycle(cycle: Cycle | None, span: RefreshSpan, *, now: int, clock: int) -> Cycle:
    """Return the cycle of a run whose live part began at the span's end; a new cycle has nothing due.

    A live part that read the whole span has verified it. Without a cycle, or with one from a clock that was ahead, it
    is not known when the leads were last read. `clock` is this machine's time, which a cached answer of a proxy cannot
    set back, unlike `now`.
    """
    if span.start >= span.end:
        return Cycle(span.start, now, now)
    if cycle is None or cycle.is_in_the_future(clock):
        return Cycle(span.start, now, None)
    return cycle


def stretches_due(cycle: Cycle, span: RefreshSpan, *, now: int, cycle_seconds: int) -> tuple[Stretch, ...]:
    """Return what a run must read again, in order: the rest of a past cycle first. No two stretches overlap."""
    elapsed_seconds = max(now - cycle.started_at, 0)
    first = min(max(cycle.next, span.start), max(span.end, span.start))
    cycles, rest_seconds = divmod(elapsed_seconds, cycle_seconds)
    if not cycles:
        until = span.due_until(elapsed_seconds, cycle_seconds)
        due = Stretch(first, until, cycle, replace(cycle, next=until))
        return (due,) if due.windows else ()
    following = Cycle(span.start, now - rest_seconds, cycle.latest)
    rest = Stretch(first, span.end, cycle, following)
    until = span.due_until(rest_seconds, cycle_seconds)
    if cycles == 1 and until < first:
        return rest, Stretch(span.start, until, following, replace(following, next=until))
    # The run reads everything once. What it reads first is not due again until a whole cycle has passed.
    following = replace(following, started_at=now - span.elapsed_at(first, cycle_seconds))
    rest = replace(rest, ended=following)
    return rest, Stretch(span.start, first, following, replace(following, next=first, verified_since=now))
