"""What our other programs cost, and what the sandbox can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.goals import REQUESTS_PER_SECOND
from benchmarks.pages.table import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.accounts import AccountsFigures
    from benchmarks.results import Results
    from benchmarks.webhooks import Webhooks


def webhooks(seen: Webhooks | None) -> Iterator[str]:
    """Yield the table of the receiver of webhook calls."""
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
    yield table(("`seeker-leads webhooks serve`", "seen"), rows)


def capacity(results: Results) -> Iterator[str]:
    """Yield the table of what the sandbox can serve."""
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
    yield table(("clients at once", "pages/s", "leads/s", f"the {REQUESTS_PER_SECOND}/s needed"), rows)


def accounts(measured: Sequence[AccountsFigures]) -> Iterator[str]:
    """Yield the table of many accounts."""
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
    yield table(head, rows)
