"""Measures how fast each reader is, and at what cost."""

from __future__ import annotations

import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cases import MARGIN_SECONDS
from benchmarks.comparison.readers import Task
from benchmarks.measure import Figures, RunFailedError, costs_of, medians
from benchmarks.sandbox_process import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.cases import Case
    from benchmarks.comparison.readers import Reader
    from benchmarks.sandbox_process import RunningSandbox


@dataclass(frozen=True, slots=True)
class Speed:
    """The medians of one reader in one case; None if it failed."""

    title: str
    leads: int
    figures: Figures | None


def measure_speeds(
    case: Case, latency_ms: float, readers: Sequence[Reader], peers: Path | None, repeats: int = 1
) -> list[Speed]:
    """Return the speed of each reader over all leads of a case."""
    with running_sandbox(case, latency_ms) as sandbox:
        return [
            Speed(reader.title, case.leads, _medians([_run(case, sandbox, reader, peers) for _ in range(repeats)]))
            for reader in readers
        ]


@contextmanager
def new_task(case: Case, sandbox: RunningSandbox, peers: Path | None) -> Iterator[Task]:
    """Give the task to read all leads of a case, with an empty folder; reset the sandbox's statistics and faults."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        end = int(time.time())
        sandbox.reset()
        sandbox.fail([])
        yield Task(
            api_url=sandbox.api_url,
            start=end - case.days * 86_400 - MARGIN_SECONDS,
            end=end,
            is_limited=case.is_limited,
            folder=Path(name),
            environment=peers,
        )


def variables(reader: Reader, task: Task) -> dict[str, str]:
    """Return the environment variables of a reader; what it keeps in the user's folder is kept in the task's."""
    home = str(task.folder / "home")
    return {"DLT_DATA_DIR": home, "XDG_CACHE_HOME": home, **reader.variables}


def _run(case: Case, sandbox: RunningSandbox, reader: Reader, peers: Path | None) -> Figures | None:
    with new_task(case, sandbox, peers) as task:
        command, folder = reader.command(task), task.folder / "attempt-1"
        folder.mkdir()
        try:
            cost = costs_of(command, folder, variables(reader, task))
        except RunFailedError:
            return None
        traffic = sandbox.traffic()
        if len(set(reader.lead_ids(task))) != case.leads:
            return None
    return Figures(
        requests=traffic.requests,
        requests_per_second=traffic.requests_per_second,
        leads_per_second=case.leads / traffic.requests * traffic.requests_per_second,
        refused=traffic.refused,
        over_limit=traffic.over_limit,
        **cost,
    )


def _medians(runs: Sequence[Figures | None]) -> Figures | None:
    complete = [run for run in runs if run is not None]
    return medians(complete) if len(complete) == len(runs) else None
