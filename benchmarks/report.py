"""The results as a page."""

from __future__ import annotations

import re
import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.goals import LEADS_PER_SECOND, REQUESTS_PER_SECOND, goals
from benchmarks.machine import Machine, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.accounts import AccountsFigures
    from benchmarks.measure import Figures
    from benchmarks.results import CaseResults, Results
    from benchmarks.webhooks import Webhooks

_NONE = "-"
_FIGURE = re.compile(r"[-+]?[0-9.,]*( ?[%x])?")
_VERDICTS = {True: "yes", False: "**no**", None: _NONE}
_CONTENDERS = """\
- **tap-seeker-leads**: our tap, as installed, with its defaults.
- **bare loop**: one session, `json`, JSON lines, week after week: the baseline.
- **minimal SDK tap**: a tap written in an afternoon, with the SDK's defaults."""
_PEERS = """\
- **dlt**: a resource of weeks and a transformer that reads each week, dlt's own client, JSON lines in a folder.
- **tap-rest-api-msdk**: one stream for each week, since it does not support windows. To infer a schema, it requests the
  first page of each week a second time."""
_NO_PEERS = "dlt and tap-rest-api-msdk were not measured: `make bench PEERS=1` installs them, into `.bench/`."
_READING = """\
- Contenders run in turn against the same sandbox, in its own process; every figure is a median. With the limit, only
  our tap is repeated: sequential contenders are bound by the latency, and run once.
- Requests and leads per second are measured at the server, from the first request to the last. Over a short period they
  can exceed 100 %, since the limit lets the first ten requests start at once.
- "Over the limit" counts requests that started more than 20 ms, the sandbox's jitter, before the limit allowed it.
- CPU (user and system) and peak memory are those of the whole process, start-up included.
- A run counts only if it succeeded and read every lead; our tap must write each lead once.
- CPU seconds depend on the machine and its load: compare the ratios, and runs from the same page."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """When, where and how the results were measured."""

    date: str
    machine: Machine
    versions: dict[str, str]
    command: str
    latency_ms: float
    repeats: int
    has_peers: bool

    @classmethod
    def now(cls, arguments: Sequence[str], latency_ms: float, repeats: int, peers: Path | None) -> Circumstances:
        """Return the circumstances of a run with these arguments that is about to start."""
        return cls(
            date=time.strftime("%Y-%m-%d", time.gmtime()),
            machine=Machine.this(),
            versions=versions(peers),
            command=shlex.join(["python", "-m", "benchmarks.bench", *_without_paths(arguments)]),
            latency_ms=latency_ms,
            repeats=repeats,
            has_peers=peers is not None,
        )


def render(results: Results, circumstances: Circumstances, *, is_quick: bool) -> str:
    """Return the page, in Markdown with tables that are aligned in a terminal too."""
    blocks = [
        "# Performance",
        *(["**A quick run with few leads: it only checks the benchmark. Its figures mean nothing.**"] * is_quick),
        _head(circumstances),
        _CONTENDERS + (f"\n{_PEERS}" if circumstances.has_peers else ""),
        *([] if circumstances.has_peers else [_NO_PEERS]),
        "## Goals",
        _table(
            ("goal", "wanted", "reached", "met"),
            [(goal.about, goal.wanted, goal.reached, _VERDICTS[goal.is_met]) for goal in goals(results)],
        ),
        *_limited(results, circumstances),
        *_shared(results, circumstances),
        *_cpu(results.cpu),
        *_memory(results.memory),
        *_nothing_new(results.nothing, circumstances),
        *_accounts(results.accounts),
        *_webhooks(results.webhooks),
        *_capacity(results),
        *_not_measured(results),
        "## How to read this",
        _READING,
    ]
    return "\n\n".join(blocks) + "\n"


def _head(circumstances: Circumstances) -> str:
    machine = circumstances.machine
    packages = ", ".join(f"{name} {number}" for name, number in circumstances.versions.items())
    return (
        f"Written by `make bench` on {circumstances.date}; do not edit. Figures of our tap, and all figures without"
        f" latency or without new leads, are medians over {circumstances.repeats}; the others are from one run.\n\n"
        f"- machine: {machine.cores} cores ({machine.processor}), {machine.memory_gib:.1f} GiB of memory, load"
        f" {machine.load:.2f} before the start\n"
        f"- versions: {packages}\n"
        f"- command: `{circumstances.command}`"
    )


def _limited(results: Results, circumstances: Circumstances) -> Iterator[str]:
    if not results.limited:
        return
    yield f"## At {circumstances.latency_ms:g} ms latency, with the API's limit enforced"
    yield (
        f"The API allows {REQUESTS_PER_SECOND} requests/s of 100 leads each: {LEADS_PER_SECOND:,} leads/s."
        " Ratios are those of leads/s."
    )
    head = (
        *("contender", "requests", "requests/s", f"of {REQUESTS_PER_SECOND}", "leads/s", f"of {LEADS_PER_SECOND:,}"),
        *("x bare loop", "x minimal", "answered 429", "over the limit", "wall s", "CPU s", "peak MiB"),
    )
    for case in results.limited:
        yield f"### {case.case.title[0].upper()}{case.case.title[1:]}"
        yield _table(head, (_limited_row(case, name, figures) for name, figures in _measured(case)))


def _limited_row(case: CaseResults, name: str, figures: Figures) -> tuple[str, ...]:
    return (
        case.titles[name],
        f"{figures.requests:,.0f}",
        f"{figures.requests_per_second:.1f}",
        f"{figures.requests_per_second / REQUESTS_PER_SECOND:.1%}",
        f"{figures.leads_per_second:,.0f}",
        f"{figures.leads_per_second / LEADS_PER_SECOND:.1%}",
        *(_ratio(figures, case.of(other), "leads_per_second") for other in ("bare", "minimal")),
        f"{figures.refused:.0f}",
        f"{figures.over_limit:.0f}",
        f"{figures.wall_seconds:.1f}",
        f"{figures.cpu_seconds:.2f}",
        f"{figures.peak_mib:.0f}",
    )


def _shared(results: Results, circumstances: Circumstances) -> Iterator[str]:
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
    yield _table((*head, "answered 429", "over the limit", "CPU s a process"), rows)


def _cpu(case: CaseResults | None) -> Iterator[str]:
    if case is None:
        return
    yield "## CPU"
    yield f"{case.case.leads:,} leads over {case.case.days} days, without latency and without the limit."
    head = ("contender", "CPU s per 100,000 leads", "x bare loop", "x minimal", "leads per wall s", "peak MiB")
    rows = [
        (
            case.titles[name],
            f"{figures.cpu_seconds * 100_000 / case.case.leads:.2f}",
            *(_ratio(figures, case.of(other), "cpu_seconds") for other in ("bare", "minimal")),
            f"{case.case.leads / figures.wall_seconds:,.0f}",
            f"{figures.peak_mib:.0f}",
        )
        for name, figures in _measured(case)
    ]
    yield _table(head, rows)


def _memory(cases: list[CaseResults]) -> Iterator[str]:
    peaks = [(case.case.leads, figures.peak_mib) for case in cases if (figures := case.of("ours")) is not None]
    if not peaks:
        return
    yield "## Memory of our tap"
    first = peaks[0][1]
    rows = [(f"{leads:,}", f"{peak:.1f}", f"{peak - first:+.1f}") for leads, peak in peaks]
    yield _table(("leads", "peak MiB", "more than the first"), rows)


def _nothing_new(case: CaseResults | None, circumstances: Circumstances) -> Iterator[str]:
    if case is None:
        return
    yield "## Nothing new"
    yield (
        f"All leads up to now have been read before; at {circumstances.latency_ms:g} ms latency. The last two rows are"
        " the SDK's cost for any tap at its start."
    )
    ratios = ("CPU x minimal", "CPU x do-nothing SDK tap", "CPU x importing the SDK")
    head = ("contender", "requests", "CPU s", "wall s", *ratios)
    rows = [
        (
            case.titles[name],
            f"{figures.requests:.0f}",
            f"{figures.cpu_seconds:.2f}",
            f"{figures.wall_seconds:.2f}",
            *(_ratio(figures, case.of(other), "cpu_seconds") for other in ("minimal", "idle", "import")),
        )
        for name, figures in _measured(case)
    ]
    yield _table(head, rows)


def _webhooks(seen: Webhooks | None) -> Iterator[str]:
    if seen is None:
        return
    burst, arrival = seen.burst, seen.arrival
    yield "## Webhooks"
    rows = [
        (f"{burst.calls:,} calls in a second, during a run: median answer", f"{burst.median_ms:.1f} ms"),
        ("99 % of the answers within", f"{burst.p99_ms:.1f} ms"),
        ("the longest answer", f"{burst.longest_ms:.1f} ms"),
        ("runs after the run in progress", str(burst.further_runs)),
        ("memory", f"{burst.grown_mib:+.1f} MiB"),
        ("CPU of an idle receiver, of a core", f"{seen.idle_share:.2%}"),
    ]
    if arrival is not None:
        rows.append((f"from the call to the row in PostgreSQL, median of {arrival.leads}", f"{arrival.seconds:.2f} s"))
        rows.append(("one run of the same pipeline", f"{arrival.run_seconds:.2f} s"))
    yield _table(("`seeker-leads webhooks serve`", "seen"), rows)


def _capacity(results: Results) -> Iterator[str]:
    if not results.capacity:
        return
    yield "## The sandbox is not the bottleneck"
    yield (
        "Pages of 100 leads that it serves, without latency and limit, to clients that only send requests;"
        " they share the machine with it."
    )
    rows = [
        (
            str(each.clients),
            f"{each.pages_per_second:,.0f}",
            f"{each.pages_per_second * 100:,.0f}",
            f"{each.pages_per_second / REQUESTS_PER_SECOND:.0f} x",
        )
        for each in results.capacity
    ]
    yield _table(("clients at once", "pages/s", "leads/s", f"the {REQUESTS_PER_SECOND}/s needed"), rows)


def _accounts(measured: Sequence[AccountsFigures]) -> Iterator[str]:
    if not measured:
        return
    yield "## Many accounts with nothing new"
    yield (
        "One run over accounts that are up to date, without latency and limit, start-up included. Each is asked twice:"
        " for what is new, and whether the API still lists its last lead. The bare loop makes as many requests over one"
        " session; only its loop counts. A single run is one over one account."
    )
    head = ("accounts", "requests", "CPU s", "bare loop CPU s", "single run CPU s", "wall s", "peak MiB", "STATE kB")
    rows = [
        (
            f"{each.accounts:,}",
            f"{each.requests:,}",
            f"{each.cpu_seconds:.2f}",
            f"{each.loop_cpu_seconds:.2f}",
            f"{each.single_cpu_seconds:.2f}",
            f"{each.wall_seconds:.1f}",
            f"{each.peak_mib:.1f}",
            f"{each.state_kilobytes:.1f}",
        )
        for each in measured
    ]
    yield _table(head, rows)


def _not_measured(results: Results) -> Iterator[str]:
    lines = []
    for case in results.cases:
        lines += [f"- {case.case.name}: **{case.titles[name]} failed**: {why}" for name, why in case.failures.items()]
        lines += [f"- {case.case.name}: {title} is left out: {why}" for title, why in case.skipped.items()]
    if lines:
        yield "## Failed or left out"
        yield "\n".join(lines)


def _measured(case: CaseResults) -> Iterator[tuple[str, Figures]]:
    for name in case.runs:
        if (figures := case.of(name)) is not None:
            yield name, figures


def _ratio(figures: Figures, others: Figures | None, figure: str) -> str:
    of = getattr(others, figure) if others is not None else 0
    return f"{getattr(figures, figure) / of:.2f}" if of else _NONE


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = [list(row) for row in rows]
    columns = [_column(title, [row[index] for row in body]) for index, title in enumerate(head)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in zip(*columns, strict=True))


def _column(title: str, cells: Sequence[str]) -> list[str]:
    width = max(len(cell) for cell in (title, *cells))
    if all(_FIGURE.fullmatch(cell) for cell in cells):
        return [title.rjust(width), f"{'-' * (width - 1)}:", *(cell.rjust(width) for cell in cells)]
    return [title.ljust(width), "-" * width, *(cell.ljust(width) for cell in cells)]


def _without_paths(arguments: Sequence[str]) -> Iterator[str]:
    """Leave out the path of the report: the page must not contain paths of a machine."""
    rest = iter(arguments)
    for argument in rest:
        if argument == "--report":
            next(rest, None)
        elif not argument.startswith("--report="):
            yield argument
