"""The results as `docs/performance.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.goals import goals
from benchmarks.pages import programs, reading
from benchmarks.pages.table import NONE, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.pages.circumstances import Circumstances
    from benchmarks.results import Results

_YES_NO = {True: "yes", False: "**no**", None: NONE}
_CONTENDERS = """\
- **tap-seeker-leads**: our tap, as installed, with its defaults.
- **bare loop**: one session, `json`, JSON lines, week after week: the baseline.
- **minimal SDK tap**: a tap written in an afternoon, with the SDK's defaults."""
_READING = """\
- Contenders run in turn against the same sandbox, in its own process; of several runs, every figure is the median.
  With the limit, only our tap is repeated: sequential contenders are bound by the latency, and run once.
- Requests and leads per second are measured at the server, from the first request to the last. Over a short period they
  can exceed 100 %, since the limit lets the first ten requests start at once.
- "Over the limit" counts requests that started more than 20 ms, the sandbox's jitter, before the limit allowed it.
- CPU (user and system) and peak memory are those of the whole process, start-up included.
- A run counts only if it succeeded and read every lead; our tap must write each lead once.
- CPU seconds depend on the machine and its load: compare the ratios, and runs from the same page."""


def render(results: Results, circumstances: Circumstances, *, is_quick: bool) -> str:
    """Return the page, in Markdown with tables that are aligned in a terminal too."""
    blocks = [
        "# Performance",
        *(["**A quick run with few leads: it only checks the benchmark. Its figures mean nothing.**"] * is_quick),
        _head(circumstances),
        _CONTENDERS,
        "## Goals",
        table(
            ("goal", "wanted", "reached", "met"),
            [(goal.about, goal.wanted, goal.reached, _YES_NO[goal.is_met]) for goal in goals(results)],
        ),
        *reading.limited(results, circumstances),
        *reading.shared(results, circumstances),
        *reading.cpu(results.cpu),
        *reading.memory(results.memory),
        *reading.nothing_new(results.nothing, circumstances),
        *programs.accounts(results.accounts),
        *programs.webhooks(results.webhooks),
        *programs.capacity(results),
        *_failed(results),
        "## How to read this",
        _READING,
    ]
    return "\n\n".join(blocks) + "\n"


def _head(circumstances: Circumstances) -> str:
    runs = "All figures are from one run."
    if circumstances.repeats > 1:
        runs = (
            "Figures of our tap, and all figures without latency or without new leads, are medians over"
            f" {circumstances.repeats} runs; the others are from one run."
        )
    return (
        f"Written by `make bench` on {circumstances.date}; do not edit. {runs}"
        f" The [comparison](comparison.md) has figures of other tools.\n\n{circumstances.lines()}"
    )


def _failed(results: Results) -> Iterator[str]:
    lines = []
    for case in results.cases:
        lines += [f"- {case.case.name}: **{case.titles[name]} failed**: {why}" for name, why in case.failures.items()]
    if lines:
        yield "## Failed"
        yield "\n".join(lines)
