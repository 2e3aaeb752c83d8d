"""What reading costs, by contender."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.goals import LEADS_PER_SECOND, REQUESTS_PER_SECOND
from benchmarks.pages.table import NONE, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.measure import Figures
    from benchmarks.pages.circumstances import Circumstances
    from benchmarks.results import CaseResults, Results


def limited(results: Results, circumstances: Circumstances) -> Iterator[str]:
    """Yield the tables of the cases with the API's limit."""
    if not results.limited:
        return
    yield f"## At {circumstances.latency_ms:g} ms latency, with the API's limit enforced"
    yield (
        f"The API allows {REQUESTS_PER_SECOND} requests/s of 100 leads each: {LEADS_PER_SECOND:,} leads/s."
        " Ratios are those of leads/s."
    )
    head = (
        *("requests", "requests/s", f"of {REQUESTS_PER_SECOND}", "leads/s", f"of {LEADS_PER_SECOND:,}"),
        *("x bare loop", "x minimal", "answered 429", "over the limit", "wall s", "CPU s", "peak MiB"),
    )
    for case in results.limited:
        yield f"### {case.case.title[0].upper()}{case.case.title[1:]}"
        yield _by_contender(case, head, _limited_cells)


def _limited_cells(case: CaseResults, figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.requests:,.0f}",
        f"{figures.requests_per_second:.1f}",
        f"{figures.requests_per_second / REQUESTS_PER_SECOND:.1%}",
        f"{figures.leads_per_second:,.0f}",
        f"{figures.leads_per_second / LEADS_PER_SECOND:.1%}",
        *_ratios(case, figures, "leads_per_second", "bare", "minimal"),
        f"{figures.refused:.0f}",
        f"{figures.over_limit:.0f}",
        f"{figures.wall_seconds:.1f}",
        f"{figures.cpu_seconds:.2f}",
        f"{figures.peak_mib:.0f}",
    )


def shared(results: Results, circumstances: Circumstances) -> Iterator[str]:
    """Yield the table of processes that share the limit."""
    if not results.shared:
        return
    yield "## Several processes that share the limit"
    yield (
        f"Our tap, several times at once on one account through `rate_limit_url`, at {circumstances.latency_ms:g} ms"
        " latency. Each process reads every lead. In the last row, further processes are killed one after the other."
    )
    head = ("processes", "killed", "requests", "requests/s", f"of {REQUESTS_PER_SECOND}", "most in flight")
    rows = [
        (
            str(run.processes),
            str(run.killed),
            f"{run.requests:,}",
            f"{run.requests_per_second:.1f}",
            f"{run.requests_per_second / REQUESTS_PER_SECOND:.1%}",
            str(run.max_in_flight),
            str(run.refused),
            str(run.over_limit),
            f"{run.cpu_seconds:.2f}",
        )
        for run in results.shared
    ]
    yield table((*head, "answered 429", "over the limit", "CPU s a process"), rows)


def cpu(case: CaseResults | None) -> Iterator[str]:
    """Yield the table of CPU."""
    if case is None:
        return
    yield "## CPU"
    yield f"{case.case.leads:,} leads over {case.case.days} days, without latency and without the limit."
    head = ("CPU s per 100,000 leads", "x bare loop", "x minimal", "leads per wall s", "peak MiB")
    yield _by_contender(case, head, _cpu_cells)


def _cpu_cells(case: CaseResults, figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.cpu_seconds * 100_000 / case.case.leads:.2f}",
        *_ratios(case, figures, "cpu_seconds", "bare", "minimal"),
        f"{case.case.leads / figures.wall_seconds:,.0f}",
        f"{figures.peak_mib:.0f}",
    )


def memory(cases: list[CaseResults]) -> Iterator[str]:
    """Yield the table of our tap's memory."""
    peaks = [(case.case.leads, figures.peak_mib) for case in cases if (figures := case.of("ours")) is not None]
    if not peaks:
        return
    yield "## Memory of our tap"
    first = peaks[0][1]
    rows = [(f"{leads:,}", f"{peak:.1f}", f"{peak - first:+.1f}") for leads, peak in peaks]
    yield table(("leads", "peak MiB", "more than the first"), rows)


def nothing_new(case: CaseResults | None, circumstances: Circumstances) -> Iterator[str]:
    """Yield the table of runs without new leads."""
    if case is None:
        return
    yield "## Nothing new"
    yield (
        f"All leads up to now have been read before; at {circumstances.latency_ms:g} ms latency. The last two rows are"
        " the SDK's cost for any tap at its start."
    )
    ratios = ("CPU x minimal", "CPU x do-nothing SDK tap", "CPU x importing the SDK")
    yield _by_contender(case, ("requests", "CPU s", "wall s", *ratios), _nothing_new_cells)


def _nothing_new_cells(case: CaseResults, figures: Figures) -> tuple[str, ...]:
    return (
        f"{figures.requests:.0f}",
        f"{figures.cpu_seconds:.2f}",
        f"{figures.wall_seconds:.2f}",
        *_ratios(case, figures, "cpu_seconds", "minimal", "idle", "import"),
    )


def _by_contender(
    case: CaseResults, head: Sequence[str], cells: Callable[[CaseResults, Figures], tuple[str, ...]]
) -> str:
    """Return a table with a row for each contender that was measured."""
    measured = [(name, figures) for name in case.runs if (figures := case.of(name)) is not None]
    return table(("contender", *head), [(case.titles[name], *cells(case, figures)) for name, figures in measured])


def _ratios(case: CaseResults, figures: Figures, figure: str, *others: str) -> Iterator[str]:
    for name in others:
        other = case.of(name)
        of = getattr(other, figure) if other is not None else 0
        yield f"{getattr(figures, figure) / of:.2f}" if of else NONE
