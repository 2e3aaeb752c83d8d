"""Measures this project's plugins and other tools at the same work, in one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.comparison.readers import READERS
from benchmarks.comparison.reading import Speed, measure_speeds
from benchmarks.comparison.robustness import Scenario, measure_robustness
from benchmarks.comparison.senders import SENDERS
from benchmarks.comparison.sending import SendScenario, SendSetup, SendSpeed, measure_send_robustness, measure_sending
from tests.embedded_postgres import embedded_postgres

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.cases import ComparisonPlan


@dataclass(frozen=True, slots=True)
class Comparison:
    """All figures of the comparison."""

    limited: tuple[tuple[float, list[Speed]], ...]  #: by latency in milliseconds, with the API's limit
    unlimited: list[Speed]
    robustness: list[Scenario]
    sending: list[SendSpeed]
    send_robustness: list[SendScenario]
    rows: int  #: that were sent


def measure_comparison(
    plan: ComparisonPlan, latency_ms: float, peers: Path, repeats: int, log: Callable[[str], None]
) -> Comparison:
    """Return the figures of each tool; `peers` is their environment."""
    latencies = (latency_ms, plan.quick_latency_ms)
    limited = tuple((each, measure_speeds(plan.limited, each, READERS, peers)) for each in latencies)
    log("comparison: read within the limit")
    unlimited = measure_speeds(plan.cpu, 0, READERS, peers, repeats)
    log("comparison: read without limit")
    robustness = measure_robustness(plan, latency_ms, READERS, peers)
    log("comparison: read in the presence of faults")
    with embedded_postgres() as database_url:
        setup = SendSetup(database_url, peers)
        sending = measure_sending(plan.rows, latency_ms, SENDERS, setup)
        send_robustness = measure_send_robustness(plan, SENDERS, setup)
    log("comparison: sent")
    return Comparison(limited, unlimited, robustness, sending, send_robustness, plan.rows)
