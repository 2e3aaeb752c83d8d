"""The refresh over histories of runs: late or killed runs, changed settings, and clocks that jump."""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tap_seeker_leads.state.refresh import (
    CLOCK_TOLERANCE_SECONDS,
    GRID_SECONDS,
    LIFE_SECONDS,
    Cycle,
    RefreshSpan,
    Stretch,
    current_cycle,
    stretches_due,
)
from tests.tap_runs import NOW

DAY = 86_400
LOOKBACK = 7200
#: Instants whose last reading the model records: three in each window, over a longer time than any history.
PROBES = range(NOW - LIFE_SECONDS - 40 * GRID_SECONDS, NOW + 300 * GRID_SECONDS, GRID_SECONDS // 3)
NEVER = 0


class RefreshHistory(RuleBasedStateMachine):
    """After a successful run, every instant was read within the last `refresh_days`, and `verified_since` is true.

    A model records in true time when each instant was last read, independently of the code under test. A disturbance
    of the schedule (a larger span or a longer cycle, a clock that jumps, a state without a cycle) may delay it by up to
    one cycle, once.
    """

    @initialize(
        days=st.integers(1, 60),
        age_days=st.integers(1, 1300),
        has_loaded=st.booleans(),
        api_says_its_time=st.booleans(),
    )
    def begin(self, days: int, age_days: int, has_loaded: bool, api_says_its_time: bool) -> None:  # noqa: FBT001  # Hypothesis gives it by name
        self.now, self.ahead = NOW, 0
        self.days = self.most_days = days
        self.start_date = NOW - age_days * DAY
        self.bookmark: int | None = None if has_loaded else NOW
        self.cycle: Cycle | None = None
        self.api_says_its_time = api_says_its_time
        self.last_read = dict.fromkeys(PROBES, NOW if not has_loaded else NEVER)
        self.in_range_since = dict.fromkeys(PROBES, NEVER)
        self.disturbed_at = NEVER if has_loaded else NOW
        self.changed_at = NOW
        self.is_clock_trusted = True
        self.run(0, None)

    @rule(
        gap=st.sampled_from([0, 300, 3600, DAY, 3 * DAY, 20 * DAY, 100 * DAY]),
        killed_after=st.none() | st.integers(0, 40),
    )
    def run(self, gap: int, killed_after: int | None) -> None:
        """A run finishes, or is killed after a number of refreshed windows."""
        if self.now + gap > NOW + 4 * 365 * DAY:
            return
        self.now += gap
        clock = self.now + self.ahead
        if self.bookmark is not None and self.bookmark > clock + CLOCK_TOLERANCE_SECONDS:
            return  # the run ends with an error before it reads
        until = min(clock, self.now) if self.api_says_its_time else clock
        live_start = self.start_date if self.bookmark is None else max(self.start_date, self.bookmark - LOOKBACK)
        self.read(live_start, min(clock, self.now))
        self.bookmark = max(self.bookmark or 0, until)
        span = RefreshSpan(max(self.start_date, until - LIFE_SECONDS), min(live_start, clock))
        if self.cycle is not None and self.cycle.is_in_the_future(clock):
            self.disturbed_at = self.now
        cycle = self.cycle = current_cycle(self.cycle, span, now=until, clock=clock)
        due = stretches_due(cycle, span, now=until, cycle_seconds=self.days * DAY)
        self.check_plan(due, span)
        pieces = [(stretch, end) for stretch in due for _, end in stretch.pieces()]
        if killed_after is not None and killed_after < len(pieces):
            self.kill(due, pieces[:killed_after])
            return
        for stretch in due:
            self.read(stretch.start, stretch.end)
            self.cycle = stretch.ended
        assert self.cycle is not None
        assert not any(
            stretch.windows for stretch in stretches_due(self.cycle, span, now=until, cycle_seconds=self.days * DAY)
        )
        self.check_ages(span.start)
        self.check_claim()

    def kill(self, due: tuple[Stretch, ...], pieces: list[tuple[Stretch, int]]) -> None:
        """What was read and covered by a STATE stays read; the next run continues from there."""
        reached = {id(stretch): end for stretch, end in pieces}
        for stretch in due:
            if id(stretch) not in reached:
                break
            end = reached[id(stretch)]
            self.read(stretch.start, end)
            self.cycle = stretch.ended if end == stretch.end else stretch.read_up_to(end)
        self.check_claim()

    @rule(days=st.integers(1, 60))
    def change_refresh_days(self, days: int) -> None:
        """The user changes the length of the cycle; what was read early in a shorter one may be due late."""
        if days > self.days:
            self.disturbed_at = self.now
        self.days = days
        self.most_days = max(self.most_days, days)
        self.changed_at = self.now

    @rule(age_days=st.integers(1, 1300))
    def change_start_date(self, age_days: int) -> None:
        """The user changes how far back leads are read."""
        before, self.start_date = self.start_date, self.now - age_days * DAY
        if self.start_date < before:
            self.disturbed_at = self.now
            for probe in PROBES:
                if self.start_date <= probe < before:
                    self.in_range_since[probe] = self.now

    @rule(seconds=st.sampled_from([-10 * 365 * DAY, -DAY, -60, 0, 60, DAY, 400 * DAY]))
    def set_the_clock(self, seconds: int) -> None:
        """This machine's clock becomes wrong, or right again."""
        self.ahead = seconds
        self.disturbed_at = self.now
        self.is_clock_trusted = self.is_clock_trusted and (self.api_says_its_time or seconds <= 0)

    @rule()
    def lose_the_entry(self) -> None:
        """The state, from an earlier version or written by hand, has no entry."""
        self.cycle = None
        self.disturbed_at = self.now

    @rule()
    def full_refresh(self) -> None:
        """The user reads everything again, in a run without a state."""
        self.bookmark = self.cycle = None
        self.run(0, None)

    def read(self, start: int, end: int) -> None:
        for probe in PROBES:
            if start <= probe < end:
                self.last_read[probe] = self.now

    def check_plan(self, due: tuple[Stretch, ...], span: RefreshSpan) -> None:
        """A run reads nothing twice, nothing that its live part read, and nothing that is too old."""
        spans = sorted((stretch.start, stretch.end) for stretch in due if stretch.windows)
        assert all(span.start <= start < end <= span.end for start, end in spans)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))

    def check_ages(self, start: int) -> None:
        """Once a cycle has begun and ended without a disturbance, the rule holds after each successful run."""
        since = None if self.cycle is None else self.cycle.verified_since
        if since is None or self.ahead or since - CLOCK_TOLERANCE_SECONDS <= self.disturbed_at:
            return
        if since > self.changed_at:
            self.most_days = self.days
        for probe in PROBES:
            if start <= probe < self.now - 1:
                assert self.now - self.last_read[probe] <= self.most_days * DAY + CLOCK_TOLERANCE_SECONDS, probe

    def check_claim(self) -> None:
        """Everything that was in the span throughout was read after `verified_since`."""
        since = None if self.cycle is None else self.cycle.verified_since
        if since is None or not self.is_clock_trusted:
            return
        start = max(self.start_date, self.now - LIFE_SECONDS)
        for probe in PROBES:
            if start <= probe < (self.bookmark or 0) and self.in_range_since[probe] < since:
                assert self.last_read[probe] >= since, (probe, self.cycle)


TestRefreshHistory = RefreshHistory.TestCase
TestRefreshHistory.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
