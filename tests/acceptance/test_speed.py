"""The tap uses the limit and keeps it: the program, against a sandbox in a separate process."""

from __future__ import annotations

import pytest

from benchmarks.cases import Case
from benchmarks.contenders import OURS
from benchmarks.measure import Stage
from benchmarks.sandbox_process import running_sandbox


@pytest.mark.alone
@pytest.mark.parametrize("days", [7, 300], ids=["dense", "wide"])
def test_tap_reads_near_the_limit_and_never_over_it(days: int) -> None:
    """With 100 ms latency, a sequential client reaches a fifth of the limit. The tap reaches most of it, without a 429.

    docs/performance.md has its figures on a quiet machine; on a busy one, the best of five runs counts.
    """
    case = Case("limited", 10_000, days, is_limited=True)
    for _ in range(5):
        with running_sandbox(case, 100) as sandbox:
            figures = Stage.begin(case, sandbox).run(OURS)
        if figures.refused == 0 and figures.over_limit == 0 and figures.requests_per_second >= 50 * 0.7:
            break
    assert figures.requests_per_second >= 50 * 0.7
    assert figures.refused == 0
    assert figures.over_limit == 0
    if days == 7:
        assert figures.requests <= 100 * 1.15  # the cost of dividing the week


def test_memory_does_not_grow_with_the_leads() -> None:
    """With ten times the leads, the memory grows by no more than the pages in flight."""
    peaks = []
    for leads in (2_000, 20_000):
        case = Case("memory", leads, 60, is_limited=False)
        with running_sandbox(case, 0) as sandbox:
            peaks.append(Stage.begin(case, sandbox).run(OURS).peak_mib)
    assert peaks[1] - peaks[0] < 20
