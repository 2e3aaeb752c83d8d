"""The tap's performance goals, with the results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.accounts import AccountsFigures
    from benchmarks.measure import Figures
    from benchmarks.results import CaseResults, Results
    from benchmarks.shared_limit import Shared
    from benchmarks.webhooks import Arrival, Burst, Webhooks

REQUESTS_PER_SECOND = 50
LEADS_PER_SECOND = 5_000
#: The minimum share of the limit in each case, and which limit: requests or leads.
_SHARES = {"wide": (0.95, "requests"), "dense": (0.90, "leads"), "sparse": (0.95, "requests")}
_MAX_OF_BARE, _MAX_OF_MINIMAL, _MAX_OF_IDLE = 2.0, 0.25, 1.2
_MAX_GROWTH_MIB = 30
_LEAST_SHARED, MAX_IN_FLIGHT = 0.95, 10
_MAX_OF_LOOP, _LEAST_CHEAPER = 3.0, 20


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal; `is_met` is None if it was not measured."""

    about: str
    wanted: str
    reached: str = "not measured"
    is_met: bool | None = None


def goals(results: Results) -> list[Goal]:
    """Return every goal with its result, which is always a median."""
    return [
        *(_share(results, name) for name in _SHARES),
        _limit_kept(results),
        _limit_shared(results.shared),
        _cpu(results.cpu, "bare", "the bare loop", _MAX_OF_BARE),
        _cpu(results.cpu, "minimal", "the minimal SDK tap", _MAX_OF_MINIMAL),
        _start_up(results.nothing),
        _memory(results.memory),
        *_accounts(results.accounts),
        *_webhooks(results.webhooks),
    ]


def _share(results: Results, name: str) -> Goal:
    least, unit = _SHARES[name]
    limit = REQUESTS_PER_SECOND if unit == "requests" else LEADS_PER_SECOND
    wanted = f"at least {least:.0%} of {limit:,} {unit}/s"
    figures = _ours(results.limited_case(name))
    if figures is None:
        return Goal(name, wanted)
    share = (figures.requests_per_second if unit == "requests" else figures.leads_per_second) / limit
    return Goal(name, wanted, f"{share:.1%}", share >= least)


def _limit_kept(results: Results) -> Goal:
    about, wanted = "requests over the limit", "none beyond 20 ms of jitter, none answered 429, in any run"
    runs = [run for case in results.limited for run in case.runs.get("ours", [])]
    if not runs:
        return Goal(about, wanted)
    over, refused = sum(run.over_limit for run in runs), sum(run.refused for run in runs)
    return Goal(
        about, wanted, f"{over:.0f} beyond, {refused:.0f} answered 429, in {len(runs)} runs", over + refused == 0
    )


def _limit_shared(runs: Sequence[Shared]) -> Goal:
    about = "processes that share a limit, together"
    wanted = (
        f"at least {_LEAST_SHARED:.0%} of {REQUESTS_PER_SECOND} requests/s, none over the limit, at most"
        f" {MAX_IN_FLIGHT} in flight, also with kills"
    )
    if not runs:
        return Goal(about, wanted)
    # Until a killed process is known to be dead, no other process uses its part of the limit.
    share = min(run.requests_per_second for run in runs if not run.killed) / REQUESTS_PER_SECOND
    over = sum(run.over_limit + run.refused for run in runs)
    in_flight = max(run.max_in_flight for run in runs)
    is_met = share >= _LEAST_SHARED and not over and in_flight <= MAX_IN_FLIGHT
    return Goal(about, wanted, f"{share:.1%}, {over} over, {in_flight} in flight", is_met)


def _cpu(results: CaseResults | None, other_name: str, other_title: str, most: float) -> Goal:
    about, wanted = f"CPU vs. {other_title}", f"at most {most:g} x"
    ours, other = _ours(results), results.of(other_name) if results else None
    if ours is None or other is None:
        return Goal(about, wanted)
    ratio = ours.cpu_seconds / other.cpu_seconds
    return Goal(about, wanted, f"{ratio:.2f} x", ratio <= most)


def _start_up(results: CaseResults | None) -> Goal:
    about, wanted = "nothing new", f"1 request, and CPU at most {_MAX_OF_IDLE:g} x a do-nothing SDK tap's"
    ours, idle = _ours(results), results.of("idle") if results else None
    if ours is None or idle is None:
        return Goal(about, wanted)
    ratio = ours.cpu_seconds / idle.cpu_seconds
    is_met = ours.requests == 1 and ratio <= _MAX_OF_IDLE
    return Goal(about, wanted, f"{ours.requests:.0f} request{'s' * (ours.requests != 1)}, {ratio:.2f} x", is_met)


def _memory(cases: list[CaseResults]) -> Goal:
    about, wanted = "peak memory from few leads to many", f"at most {_MAX_GROWTH_MIB} MiB more"
    peaks = [figures.peak_mib for case in cases if (figures := _ours(case)) is not None]
    if len(peaks) < 2:
        return Goal(about, wanted)
    growth = peaks[-1] - peaks[0]
    return Goal(about, wanted, f"{growth:+.1f} MiB", growth <= _MAX_GROWTH_MIB)


def _webhooks(seen: Webhooks | None) -> list[Goal]:
    return [
        _call_to_row(seen.arrival if seen else None),
        _calls_at_once(seen.burst if seen else None),
        _idle_receiver(seen),
    ]


def _call_to_row(arrival: Arrival | None) -> Goal:
    about, wanted = "webhook call to row in PostgreSQL", "at most 1.2 x one run of the pipeline"
    if arrival is None:
        return Goal(about, wanted)
    ratio = arrival.seconds / arrival.run_seconds
    return Goal(about, wanted, f"{ratio:.2f} x", ratio <= 1.2)


def _calls_at_once(burst: Burst | None) -> Goal:
    about = "1,000 webhook calls in a second"
    wanted = "all answered 200, 99 % within 100 ms, at most 2 further runs, at most 20 MiB more"
    if burst is None:
        return Goal(about, wanted)
    reached = f"99 % within {burst.p99_ms:.0f} ms, {burst.further_runs} further, {burst.grown_mib:+.1f} MiB"
    return Goal(about, wanted, reached, burst.p99_ms <= 100 and burst.further_runs <= 2 and burst.grown_mib <= 20)


def _idle_receiver(seen: Webhooks | None) -> Goal:
    about, wanted = "idle receiver of webhook calls", "at most 0.2 % of a core"
    if seen is None:
        return Goal(about, wanted)
    return Goal(about, wanted, f"{seen.idle_share:.2%}", seen.idle_share <= 0.002)


def _accounts(measured: list[AccountsFigures]) -> list[Goal]:
    about_loop = "many accounts, nothing new, to a bare loop of as many requests"
    about_runs = "many accounts, nothing new, to as many runs"
    to_loop, to_single = f"at most {_MAX_OF_LOOP:g} x", f"at most 1/{_LEAST_CHEAPER} of it"
    if not measured:
        return [Goal(about_loop, to_loop), Goal(about_runs, to_single)]
    few, many = measured[0], measured[-1]
    ratio = many.cpu_seconds / many.loop_cpu_seconds
    cheaper = few.accounts * few.single_cpu_seconds / few.cpu_seconds
    return [
        Goal(
            about_loop,
            to_loop,
            f"{ratio:.2f} x, of {many.accounts:,}",
            ratio <= _MAX_OF_LOOP,
        ),
        Goal(about_runs, to_single, f"1/{cheaper:.0f}, of {few.accounts:,}", cheaper >= _LEAST_CHEAPER),
    ]


def _ours(results: CaseResults | None) -> Figures | None:
    return results.of("ours") if results else None
