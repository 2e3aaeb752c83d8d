"""What was measured, as a page for people."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.benchmarks.bench import Results

PAGE = """# Performance

Written by `make bench` on {date}; {cores} cores ({processor}), Python {python}, singer-sdk {sdk},
singer-seeker-leads {ours}, requests {requests}. Medians of {repeats} runs for the tap and for all CPU figures; the two
sequential contenders ran once where latency decides. A run that loses or doubles a lead counts for nothing: all were
complete.

- **bare loop**: one session, `json`, JSON lines, week after week: the floor.
- **minimal SDK tap**: what one would write in an afternoon, with the SDK's defaults.

## At {latency:g} ms latency, with the documented limit enforced

Measured at the server, from the first request to the last: 50 requests/s and 5,000 leads/s are the most it allows.

| case | contender | requests | requests/s | of 50 | leads/s | answered 429 | over the limit beyond 20 ms |
|---|---|---|---|---|---|---|---|
{limited}

wide: 30,000 leads over a year; dense: 30,000 in one week, cut by the tap itself; sparse: 300 over three years.

## CPU and memory: {cpu_leads:,} leads over a year, no latency, no limit

| contender | CPU s per 100,000 leads | x bare loop | x minimal SDK tap | leads/s | peak MiB |
|---|---|---|---|---|---|
{cpu}

Start-up is included. Peak memory of the tap: {memory}.

## Nothing new

{nothing_new}

## The sandbox is not the bottleneck

To four clients at once it served {pages:,.0f} pages of 100 leads a second on this machine, which it shared with them:
{times:.0f} x the 50 that the limit allows.
"""


def write_report(results: Results, file: Path) -> None:
    """Write the page, and print it."""
    page = PAGE.format(
        date=time.strftime("%Y-%m-%d"),
        cores=os.cpu_count(),
        processor=_processor(),
        python=platform.python_version(),
        sdk=version("singer-sdk"),
        ours=version("singer-seeker-leads"),
        requests=version("requests"),
        repeats=results.repeats,
        latency=results.latency_ms,
        limited="\n".join(_limited_rows(results)),
        cpu_leads=results.cpu_leads,
        cpu="\n".join(_cpu_rows(results)),
        memory=", ".join(f"{mib:.0f} MiB for {leads:,} leads" for leads, mib in results.memory.items()),
        nothing_new=_nothing_new(results),
        pages=results.sandbox_pages_per_second,
        times=results.sandbox_pages_per_second / 50,
    )
    file.parent.mkdir(exist_ok=True)
    file.write_text(page, encoding="utf-8")
    print(page)


def _limited_rows(results: Results) -> list[str]:
    return [
        f"| {case} | {contender} | {figures.requests:,.0f} | {figures.requests_per_second:.1f}"
        f" | {figures.requests_per_second / 50:.0%} | {figures.leads_per_second:,.0f} | {figures.refused:.0f}"
        f" | {figures.over_limit:.0f} |"
        for case, contenders in results.limited.items()
        for contender, figures in contenders.items()
    ]


def _cpu_rows(results: Results) -> list[str]:
    cost = {name: figures.cpu_seconds * 100_000 / results.cpu_leads for name, figures in results.cpu.items()}
    bare, minimal = cost["bare loop"], cost["minimal SDK tap"]
    return [
        f"| {name} | {cost[name]:.2f} | {cost[name] / bare:.2f} | {cost[name] / minimal:.2f}"
        f" | {results.cpu_leads / figures.wall_seconds:,.0f} | {figures.peak_mib:.0f} |"
        for name, figures in results.cpu.items()
    ]


def _nothing_new(results: Results) -> str:
    figures = results.nothing_new
    if figures is None:
        return "Not measured."
    ratio = figures.cpu_seconds / results.sdk_start_up_cpu_seconds
    return (
        f"A run with nothing new makes {figures.requests:.0f} request and costs {figures.cpu_seconds:.2f} s of CPU"
        f" ({figures.wall_seconds:.2f} s in all): {ratio:.2f} x the {results.sdk_start_up_cpu_seconds:.2f} s that a tap"
        " of the SDK needs to print its catalog."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
