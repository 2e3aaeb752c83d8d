"""The limit is used up and kept: the program, against a sandbox in a process of its own."""

from __future__ import annotations

import pytest

from tests.benchmarks.measure import run
from tests.benchmarks.sandbox_process import running_sandbox


@pytest.mark.parametrize("days", [7, 300], ids=["dense", "wide"])
def test_tap_reads_near_the_limit_and_never_over_it(days: int) -> None:
    """At 100 ms latency a sequential client reaches a fifth of the limit. The tap reaches most of it, without a 429.

    Its figures on a quiet machine stand in docs/performance.md; here there is room for a busy one.
    """
    with running_sandbox(10_000, days, 100, limited=True) as sandbox:
        figures = run("tap-seeker-leads", sandbox, days, 10_000)
    assert figures.requests_per_second >= 50 * 0.7
    assert figures.refused == 0
    assert figures.over_limit == 0
    if days == 7:
        assert figures.requests <= 100 * 1.15  # what cutting the week costs


def test_memory_does_not_grow_with_the_leads() -> None:
    """Ten times the leads take no more memory than what is in flight."""
    peaks = []
    for leads in (3_000, 30_000):
        with running_sandbox(leads, 60, 0, limited=False) as sandbox:
            peaks.append(run("tap-seeker-leads, no limit", sandbox, 60, leads).peak_mib)
    assert peaks[1] - peaks[0] < 20
