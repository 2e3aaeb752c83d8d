"""`make bench`: compares the tap with a baseline, the SDK's defaults and, with peers, other tools, in one run."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.accounts import measure_accounts
from benchmarks.capacity import measure_capacity
from benchmarks.cases import FULL, NAMES, QUICK, Case, Plan
from benchmarks.comparison.comparison import measure_comparison
from benchmarks.contenders import CONTENDERS, IDLE, IMPORT, OURS, Contender
from benchmarks.inputs import PROJECT
from benchmarks.measure import Figures, RunFailedError, Stage
from benchmarks.pages.circumstances import Circumstances
from benchmarks.pages.comparison import fill
from benchmarks.pages.performance import render
from benchmarks.results import CaseResults, Results
from benchmarks.sandbox_process import running_sandbox
from benchmarks.shared_limit import measure_shared
from benchmarks.webhooks import measure_webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the report; return 1 if a run failed or was incomplete."""
    options = _options(arguments)
    comparison_page = options.comparison.read_text(encoding="utf-8") if options.peers else ""
    circumstances = Circumstances.now(arguments, options.latency_ms, options.repeats, options.peers)
    results = Bench(
        plan=QUICK if options.quick else FULL,
        contenders=tuple(c for c in CONTENDERS if c.name in options.contenders),
        latency_ms=options.latency_ms,
        repeats=options.repeats,
        peers=options.peers,
    ).measure(options.cases)
    page = render(results, circumstances, is_quick=options.quick)
    options.report.parent.mkdir(parents=True, exist_ok=True)
    options.report.write_text(page, encoding="utf-8")
    if results.comparison is not None:
        filled = fill(comparison_page, results.comparison, circumstances)
        options.comparison.write_text(filled, encoding="utf-8")
    sys.stdout.write(page)
    return 1 if any(case.failures for case in results.cases) else 0


@dataclass(frozen=True, slots=True)
class Bench:
    """What to measure, and how often."""

    plan: Plan
    contenders: tuple[Contender, ...]
    latency_ms: float
    repeats: int
    peers: Path | None

    def measure(self, cases: Sequence[str]) -> Results:
        """Return the results of the named cases."""
        results, plan = Results(), self.plan
        for case in plan.limited:
            if case.name in cases:
                results.limited.append(self._case(case, Stage.run, self._schedule()))
        if plan.shared.name in cases:
            results.shared = measure_shared(plan.shared, self.latency_ms)
        if plan.nothing.name in cases:
            start_ups = [*self.contenders, IDLE, IMPORT]
            results.nothing = self._case(plan.nothing, Stage.run_nothing_new, start_ups * self.repeats)
        if plan.cpu.name in cases:
            results.cpu = self._case(plan.cpu, Stage.run, list(self.contenders) * self.repeats)
        if "memory" in cases and OURS in self.contenders:
            results.memory = [self._case(case, Stage.run, [OURS]) for case in plan.memory]
        if plan.capacity.name in cases:
            with running_sandbox(plan.capacity, 0) as sandbox:
                start = Stage.begin(plan.capacity, sandbox).start
                results.capacity = measure_capacity(sandbox, start, plan.capacity_seconds)
        self._measure_programs(results, cases)
        if self.peers is not None and plan.comparison.limited.name in cases:
            results.comparison = measure_comparison(plan.comparison, self.latency_ms, self.peers, self.repeats, _log)
        return results

    def _measure_programs(self, results: Results, cases: Sequence[str]) -> None:
        """Measure our programs without other contenders: many accounts, and the receiver of webhook calls."""
        plan = self.plan
        if "accounts" in cases and OURS in self.contenders:
            for case in plan.accounts:
                figures = measure_accounts(case, repeats=self.repeats, single_runs=plan.single_runs)
                results.accounts.append(figures)
                _log(f"accounts: {figures.accounts:,}: CPU {figures.cpu_seconds:.2f} s")
        if "webhooks" in cases:
            results.webhooks = measure_webhooks(plan.webhooks)

    def _schedule(self) -> list[Contender]:
        """Return the order of runs with the limit: our tap repeatedly, between the others, which run once each.

        The latency alone decides how long a sequential contender takes, about half a minute, so one run is enough.
        """
        ours = [contender for contender in self.contenders if contender.is_ours] * self.repeats
        others = [contender for contender in self.contenders if not contender.is_ours]
        return [
            runs[turn] for turn in range(max(len(ours), len(others))) for runs in (ours, others) if turn < len(runs)
        ]

    def _case(
        self, case: Case, run: Callable[[Stage, Contender], Figures], schedule: Sequence[Contender]
    ) -> CaseResults:
        results = CaseResults(case)
        with running_sandbox(case, self.latency_ms) as sandbox:
            stage = Stage.begin(case, sandbox)
            for contender in schedule:
                if contender.name in results.failures:
                    continue
                try:
                    figures = run(stage, contender)
                except RunFailedError as error:
                    results.titles[contender.name] = contender.title
                    results.failures[contender.name] = str(error)
                    _log(f"{case.name}: {contender.title}: FAILED: {error}")
                    continue
                results.add(contender, figures)
                _log(f"{case.name}: {contender.title}: {figures.wall_seconds:.1f} s, CPU {figures.cpu_seconds:.2f} s")
        return results


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    names = tuple(contender.name for contender in CONTENDERS)
    parser.add_argument("--cases", type=_some_of(NAMES), default=NAMES, metavar="A,B", help=",".join(NAMES))
    parser.add_argument("--contenders", type=_some_of(names), default=names, metavar="A,B", help=",".join(names))
    parser.add_argument("--latency-ms", type=float, default=100.0, help="wait before every answer, in limited cases")
    parser.add_argument("--repeats", type=_count, default=3, help="number of runs to take the median of")
    parser.add_argument("--peers", type=_environment, metavar="FOLDER", help="environment with the group bench-peers")
    parser.add_argument("--quick", action="store_true", help="few leads: a check only; its figures mean nothing")
    parser.add_argument("--report", type=Path, default=PROJECT / "docs" / "performance.md")
    parser.add_argument("--comparison", type=Path, default=PROJECT / "docs" / "comparison.md")
    return parser.parse_args(arguments)


def _some_of(names: Sequence[str]) -> Callable[[str], tuple[str, ...]]:
    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(text.split(","))
        if unknown := set(chosen) - set(names):
            message = f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(names)}"
            raise argparse.ArgumentTypeError(message)
        return chosen

    return parse


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise ValueError
    return count


def _environment(text: str) -> Path:
    # Not resolved: the Python of an environment is a link to a file outside of it.
    folder = Path.cwd() / text
    if not (folder / "bin" / "python").exists():
        message = f"{text} is not an environment: make bench PEERS=1 sets it up"
        raise argparse.ArgumentTypeError(message)
    return folder


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
