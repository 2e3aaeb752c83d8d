"""Measures this project's plugins and other tools at the same work, in one run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.comparison.readers import READERS
from benchmarks.comparison.reading import Speed, measure_speeds
from benchmarks.comparison.senders import SENDERS
from benchmarks.comparison.sending import SendSetup, SendSpeed, SendTrouble, measure_send_troubles, measure_sending
from benchmarks.comparison.troubles import Trouble, measure_troubles
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
    troubles: list[Trouble]
    sending: list[SendSpeed]
    send_troubles: list[SendTrouble]
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
    troubles = measure_troubles(plan, latency_ms, READERS, peers)
    log("comparison: read in the presence of faults")
    with embedded_postgres() as database_url:
        setup = SendSetup(database_url, peers)
        sending = measure_sending(plan.rows, latency_ms, SENDERS, setup)
        send_troubles = measure_send_troubles(plan, SENDERS, setup)
    log("comparison: sent")
    return Comparison(limited, unlimited, troubles, sending, send_troubles, plan.rows)
