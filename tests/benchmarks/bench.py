"""`make bench`: the tap beside the floor and a tap with the SDK's defaults, on the same leads, in one run."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.benchmarks.measure import Figures, IncompleteError, medians, run, start_up_cpu_seconds
from tests.benchmarks.report import write_report
from tests.benchmarks.sandbox_process import RunningSandbox, running_sandbox

OURS, BARE, MINIMAL = "tap-seeker-leads", "bare loop", "minimal SDK tap"
OURS_UNLIMITED = f"{OURS}, no limit"
PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Case:
    """Leads spread over a span."""

    name: str
    leads: int
    days: int


@dataclass
class Results:
    """All that was measured; figures are medians."""

    latency_ms: float
    repeats: int
    limited: dict[str, dict[str, Figures]] = field(default_factory=dict)  #: case -> contender
    cpu: dict[str, Figures] = field(default_factory=dict)  #: contender
    cpu_leads: int = 0
    memory: dict[int, float] = field(default_factory=dict)  #: leads -> peak MiB of ours
    nothing_new: Figures | None = None
    sdk_start_up_cpu_seconds: float = 0.0
    sandbox_pages_per_second: float = 0.0


def main() -> int:
    """Measure, print and write docs/performance.md; 1 where a contender lost or doubled leads."""
    options = _options()
    scale = 100 if options.quick else 1
    results = Results(options.latency_ms, options.repeats)
    try:
        for case in (Case("wide", 30_000, 365), Case("dense", 30_000, 7), Case("sparse", 300, 1095)):
            leads = max(case.leads // scale, 3)
            with running_sandbox(leads, case.days, options.latency_ms, limited=True) as sandbox:
                results.limited[case.name] = {
                    OURS: _repeated(OURS, sandbox, case.days, leads, options.repeats),
                    # One after the other, these take as long as the latency says: one run shows it.
                    BARE: _repeated(BARE, sandbox, case.days, leads, 1),
                    MINIMAL: _repeated(MINIMAL, sandbox, case.days, leads, 1),
                }
        _measure_cpu(results, 100_000 // scale, options.repeats)
        for leads in (5_000 // scale, 200_000 // scale):
            with running_sandbox(leads, 365, 0, limited=False) as sandbox:
                results.memory[leads] = run(OURS_UNLIMITED, sandbox, 365, leads).peak_mib
        _measure_nothing_new(results, options.repeats)
    except IncompleteError as error:
        print(f"Not measured: {error}", file=sys.stderr)
        return 1
    write_report(results, options.report)
    return 0


def _repeated(contender: str, sandbox: RunningSandbox, days: int, leads: int, repeats: int) -> Figures:
    figures = medians([run(contender, sandbox, days, leads) for _ in range(repeats)])
    print(f"{contender}: {figures}", flush=True)
    return figures


def _measure_cpu(results: Results, leads: int, repeats: int) -> None:
    """Interleave the contenders, so that what else the machine does hits all of them."""
    runs: dict[str, list[Figures]] = {OURS_UNLIMITED: [], BARE: [], MINIMAL: []}
    with running_sandbox(leads, 365, 0, limited=False) as sandbox:
        for _ in range(repeats):
            for contender, figures in runs.items():
                figures.append(run(contender, sandbox, 365, leads))
        results.sandbox_pages_per_second = _pages_per_second(sandbox)
    results.cpu_leads = leads
    results.cpu = {contender: medians(figures) for contender, figures in runs.items()}


def _measure_nothing_new(results: Results, repeats: int) -> None:
    with running_sandbox(1000, 30, 0, limited=True) as sandbox:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        state = {"bookmarks": {"leads": {"replication_key": "ingestionDate", "replication_key_value": now}}}
        requests.get(f"{sandbox.api_url}/leads", timeout=30)  # warm
        # The sandbox's last lead may lie within the lookback, so what is put out is not counted here.
        expected = _within_lookback(sandbox)
        results.nothing_new = medians([run(OURS, sandbox, 30, expected, state) for _ in range(max(repeats, 3))])
    # A tap of the SDK that finds nothing to do: what ours cannot go below.
    results.sdk_start_up_cpu_seconds = start_up_cpu_seconds(str(Path(__file__).parent / "minimal_tap.py"), "--discover")


def _within_lookback(sandbox: RunningSandbox) -> int:
    now = int(time.time())
    answer = requests.get(
        f"{sandbox.api_url}/leads",
        params={"minDate": now - 7200, "maxDate": now, "limit": 100},
        headers={"Authorization": "Bearer sandbox-token"},
        timeout=30,
    )
    return 0 if answer.status_code == requests.codes.not_found else len(answer.json()["items"])


def _pages_per_second(sandbox: RunningSandbox, pages: int = 1000) -> float:
    """Return what the sandbox serves to four clients at once: it must be far more than the limit."""
    now = int(time.time())
    params = {"minDate": now - 7 * 86_400, "maxDate": now, "limit": 100}

    def client(count: int) -> None:
        with requests.Session() as session:
            session.headers["Authorization"] = "Bearer sandbox-token"
            for _ in range(count):
                session.get(f"{sandbox.api_url}/leads", params=params, timeout=30).raise_for_status()

    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(client, [pages // 4] * 4))
    return pages / (time.monotonic() - started)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency-ms", type=float, default=100.0)
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts")
    parser.add_argument(
        "--quick", action="store_true", help="a hundredth of the leads: shows that it works, no figures"
    )
    parser.add_argument("--report", type=Path, default=PROJECT / "docs" / "performance.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
