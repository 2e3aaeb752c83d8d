"""The benchmark's cases."""

from __future__ import annotations

from dataclasses import dataclass, replace

#: The first lead is dated the case's days before the sandbox's start; all contenders start to read a little earlier.
MARGIN_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Case:
    """Leads spread over the days before now."""

    name: str
    leads: int
    days: int
    is_limited: bool  #: True: with the API's limit and the chosen latency; False: with neither
    accounts: int = 0  #: number of agencies that share the leads

    @property
    def title(self) -> str:
        """The case's name in the report."""
        return f"{self.name}: {self.leads:,} leads over {self.days:,} days"


@dataclass(frozen=True, slots=True)
class WebhookPlan:
    """The work for the receiver of webhook calls."""

    calls: int  #: within a second
    idle_seconds: float
    arrivals: int  #: leads whose time until the database is measured


@dataclass(frozen=True, slots=True)
class ComparisonPlan:
    """The work for the tools that the comparison measures."""

    limited: Case  #: read at the chosen latency, and once more at `quick_latency_ms`
    quick_latency_ms: float
    cpu: Case
    killed: Case
    faulty: Case
    gaps: Case  #: most of its weeks have no leads
    rows: int  #: to send at the chosen latency
    robustness_rows: int  #: to send in the presence of faults, at `quick_latency_ms`


@dataclass(frozen=True, slots=True)
class Plan:
    """Every case, in full or tiny, and how long to measure the sandbox itself."""

    limited: tuple[Case, ...]
    shared: Case
    nothing: Case
    cpu: Case
    memory: tuple[Case, Case]  #: few leads, many leads
    capacity: Case
    capacity_seconds: float
    webhooks: WebhookPlan
    accounts: tuple[Case, ...]  #: without new leads
    single_runs: int  #: of one account each, for comparison
    comparison: ComparisonPlan


FULL = Plan(
    limited=(
        Case("wide", 30_000, 365, is_limited=True),
        Case("dense", 30_000, 7, is_limited=True),
        Case("sparse", 300, 1095, is_limited=True),
    ),
    shared=Case("shared limit", 30_000, 365, is_limited=True),
    nothing=Case("nothing", 1_000, 30, is_limited=True),
    cpu=Case("cpu", 100_000, 365, is_limited=False),
    memory=(Case("memory", 5_000, 365, is_limited=False), Case("memory", 200_000, 365, is_limited=False)),
    capacity=Case("capacity", 10_000, 7, is_limited=False),
    capacity_seconds=3.0,
    webhooks=WebhookPlan(calls=1_000, idle_seconds=60, arrivals=5),
    accounts=tuple(Case("accounts", 3 * count, 90, is_limited=False, accounts=count) for count in (50, 1_000)),
    single_runs=50,
    comparison=ComparisonPlan(
        limited=Case("comparison", 30_000, 365, is_limited=True),
        quick_latency_ms=20,
        cpu=Case("comparison", 50_000, 365, is_limited=False),
        killed=Case("comparison", 9_000, 126, is_limited=True),
        faulty=Case("comparison", 3_000, 42, is_limited=False),
        gaps=Case("comparison", 20, 280, is_limited=False),
        rows=150,
        robustness_rows=100,
    ),
)
#: Only checks that everything works; its figures mean nothing.
QUICK = replace(
    FULL,
    limited=(
        Case("wide", 600, 60, is_limited=True),
        Case("dense", 600, 7, is_limited=True),
        Case("sparse", 30, 90, is_limited=True),
    ),
    shared=Case("shared limit", 300, 60, is_limited=True),
    cpu=Case("cpu", 1_000, 60, is_limited=False),
    memory=(Case("memory", 100, 60, is_limited=False), Case("memory", 1_000, 60, is_limited=False)),
    capacity=Case("capacity", 500, 7, is_limited=False),
    capacity_seconds=0.1,
    webhooks=WebhookPlan(calls=50, idle_seconds=0.5, arrivals=0),
    accounts=tuple(Case("accounts", 3 * count, 90, is_limited=False, accounts=count) for count in (3, 5)),
    single_runs=3,
    comparison=ComparisonPlan(
        limited=Case("comparison", 600, 60, is_limited=True),
        quick_latency_ms=5,
        cpu=Case("comparison", 600, 60, is_limited=False),
        killed=Case("comparison", 1_200, 126, is_limited=True),
        faulty=Case("comparison", 300, 126, is_limited=False),
        gaps=Case("comparison", 5, 140, is_limited=False),
        rows=20,
        robustness_rows=20,
    ),
)
NAMES = (
    *(case.name for case in FULL.limited),
    FULL.shared.name,
    FULL.nothing.name,
    FULL.cpu.name,
    "memory",
    FULL.capacity.name,
    "webhooks",
    "accounts",
    FULL.comparison.limited.name,
)
