"""Three years of runs with a simulated clock, through the tap's own scheduling."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tap_seeker_leads.state.refresh import (
    GRID_SECONDS,
    LIFE_SECONDS,
    Cycle,
    RefreshSpan,
    current_cycle,
    stretches_due,
)
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = 86_400
HOUR = 3600
LOOKBACK = 2 * HOUR
REFRESH_DAYS = 30
YEARS_3 = 3 * 365 * DAY


def regular(gap_seconds: int) -> Callable[[], Iterator[int]]:
    return lambda: iter(range(NOW + gap_seconds, NOW + YEARS_3, gap_seconds))


def irregular() -> Iterator[int]:
    rng, now = random.Random(7), NOW  # noqa: S311  # reproducible on purpose
    while (now := now + rng.randrange(60, 3 * DAY)) < NOW + YEARS_3:
        yield now


@pytest.mark.parametrize(
    ("schedule", "longest_gap", "most_windows"),
    [
        pytest.param(regular(300), 300, 2, id="every five minutes"),
        pytest.param(regular(DAY), DAY, 7, id="every day"),
        pytest.param(irregular, 3 * DAY, 18, id="at random, up to three days apart"),
    ],
)
def test_every_instant_is_read_again_within_refresh_days(
    schedule: Callable[[], Iterator[int]], longest_gap: int, most_windows: int
) -> None:
    """After every run of three years, each instant was read within thirty days, and no run has much to read."""
    probes = range(NOW - LIFE_SECONDS, NOW + YEARS_3, GRID_SECONDS // 2)
    last_read = {probe: NOW for probe in probes if probe < NOW}
    cycle: Cycle | None = Cycle(NOW - LIFE_SECONDS, NOW, NOW)
    before, oldest_age, longest_wait, oldest_claim, runs_with_more = NOW, 0, 0, 0, 0
    for now in schedule():
        live_start = before - LOOKBACK
        span = RefreshSpan(now - LIFE_SECONDS, live_start)
        cycle = current_cycle(cycle, span, now=now, clock=now)
        due = stretches_due(cycle, span, now=now, cycle_seconds=REFRESH_DAYS * DAY)
        assert sum(stretch.windows for stretch in due) <= most_windows
        runs_with_more += bool(due)
        for start, end in [(live_start, now), *((stretch.start, stretch.end) for stretch in due)]:
            first = max(-(-(start - probes.start) // probes.step), 0)
            for probe in probes[first : max(-(-(end - probes.start) // probes.step), first)]:
                if probe in last_read:
                    # No run has read it until now, so the run before left it this old.
                    oldest_age = max(oldest_age, before - last_read[probe])
                    longest_wait = max(longest_wait, now - last_read[probe])
                last_read[probe] = now
        for stretch in due:
            cycle = stretch.ended
        oldest_claim = max(oldest_claim, cycle.age_seconds(now))
        before = now
    kept = {probe: at for probe, at in last_read.items() if probe >= before - LIFE_SECONDS}
    assert len(kept) == len([probe for probe in probes if before - LIFE_SECONDS <= probe < before])
    assert max(oldest_age, before - min(kept.values())) <= REFRESH_DAYS * DAY
    assert longest_wait <= REFRESH_DAYS * DAY + longest_gap
    assert oldest_claim <= 2 * REFRESH_DAYS * DAY  # no warning
    if longest_gap < HOUR:
        assert runs_with_more < YEARS_3 // DAY * 6  # all others make no extra request
