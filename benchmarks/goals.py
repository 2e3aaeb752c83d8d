"""The tap's performance goals, with the results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.measure import Figures
    from benchmarks.results import CaseResults, Results

REQUESTS_PER_SECOND = 50
LEADS_PER_SECOND = 5_000
#: The minimum share of the limit in each case, and which limit: requests or leads.
_SHARES = {"wide": (0.95, "requests"), "dense": (0.90, "leads"), "sparse": (0.95, "requests")}
_MAX_OF_BARE, _MAX_OF_MINIMAL, _MAX_OF_IDLE = 2.0, 0.25, 1.2
_MAX_GROWTH_MIB = 30


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
        _cpu(results.cpu, "bare", "the bare loop", _MAX_OF_BARE),
        _cpu(results.cpu, "minimal", "the minimal SDK tap", _MAX_OF_MINIMAL),
        _start_up(results.nothing),
        _memory(results.memory),
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


def _ours(results: CaseResults | None) -> Figures | None:
    return results.of("ours") if results else None
