"""Measures what happens to leads when a reader is killed, or when the API answers with faults."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from benchmarks.comparison.attempts import attempt
from benchmarks.comparison.readers import AIRBYTE_UNFILTERED
from benchmarks.comparison.reading import new_task, variables
from benchmarks.sandbox_process import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.cases import Case, ComparisonPlan
    from benchmarks.comparison.readers import Reader, Task
    from benchmarks.sandbox_process import RunningSandbox

_MAX_RUNS = 3
_LATE_LEADS = 10
_LATE_SECONDS = 1_800
#: The number of requests to `GET /leads` that pass before the fault.
_AFTER = 10
_INCOMPLETE = {"cut_body", "bad_json"}
_NOT_FOUND = {"kind": "status", "status": 404, "content_type": "text/html", "body": "<html>Not found</html>"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one reader did in one scenario."""

    title: str
    runs: int  #: until one ended with status 0; at most three
    has_ended: bool  #: whether one did
    requests: int  #: of all runs
    lost: int
    again: int  #: copies of leads that had been written before


@dataclass(frozen=True, slots=True)
class Scenario:
    """What goes wrong, and the outcome of each reader."""

    title: str
    outcomes: tuple[Outcome, ...]


_FAULTS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("An answer with status 500", {"kind": "status", "status": 500}),
    ("An answer with status 429 and `Retry-After: 1`", {"kind": "status", "status": 429, "retry_after": "1"}),
    ("A connection that is reset", {"kind": "reset"}),
    ("A page that breaks off", {"kind": "cut_body"}),
    ("A page of status 200 with incomplete JSON", {"kind": "bad_json"}),
    ("A status 404 that is not the API's: an HTML page, as a gateway sends", _NOT_FOUND),
)


def measure_robustness(
    plan: ComparisonPlan, latency_ms: float, readers: Sequence[Reader], peers: Path | None
) -> list[Scenario]:
    """Return the outcomes of a kill, of each fault, of weeks without leads, and of leads that appear late."""
    scenarios = []
    with running_sandbox(plan.killed, latency_ms) as sandbox:
        half = plan.killed.leads // 200
        outcomes = [_killed(plan.killed, sandbox, reader, peers, half) for reader in readers]
        scenarios.append(Scenario("Killed in the middle", tuple(outcomes)))
    with running_sandbox(plan.faulty, 0) as sandbox:
        for title, fault in _FAULTS:
            faults = [{"method": "GET", "path": "/leads", "times": 1, "after": _AFTER, **fault}]
            outcomes = [_faulty(plan.faulty, sandbox, reader, peers, faults) for reader in readers]
            scenarios.append(Scenario(title, tuple(outcomes)))
            if fault["kind"] in _INCOMPLETE and peers:
                outcome = _faulty(plan.faulty, sandbox, AIRBYTE_UNFILTERED, peers, faults)
                scenarios.append(Scenario(f"{title}, without the filter for it in the manifest", (outcome,)))
    with running_sandbox(plan.gaps, 0) as sandbox:
        outcomes = [_faulty(plan.gaps, sandbox, reader, peers, []) for reader in readers]
        scenarios.append(Scenario("Weeks without leads", tuple(outcomes)))
    late = [_late(plan.faulty, reader, peers) for reader in readers]
    scenarios.append(Scenario(f"{_LATE_LEADS} leads that are listed half an hour late", tuple(late)))
    return scenarios


def _killed(case: Case, sandbox: RunningSandbox, reader: Reader, peers: Path | None, after_requests: int) -> Outcome:
    with new_task(case, sandbox, peers) as task:
        ended = _runs(reader, task, kill_when=lambda: sandbox.traffic().requests >= after_requests)
        return _outcome(reader, task, sandbox, case.leads, ended)


def _faulty(
    case: Case, sandbox: RunningSandbox, reader: Reader, peers: Path | None, faults: Sequence[Mapping[str, Any]]
) -> Outcome:
    with new_task(case, sandbox, peers) as task:
        sandbox.fail(faults)
        ended = _runs(reader, task)
        return _outcome(reader, task, sandbox, case.leads, ended)


def _late(case: Case, reader: Reader, peers: Path | None) -> Outcome:
    """Run the reader twice; between the runs, leads appear whose ingestion date is half an hour old."""
    # A sandbox of its own, since the leads stay in it.
    with running_sandbox(case, 0) as sandbox, new_task(case, sandbox, peers) as task:
        first, _ = _runs(reader, task)
        sandbox.add(_late_leads(sandbox, task.end))
        later = replace(task, end=int(time.time()))
        more, has_ended = _runs(reader, later)
        return _outcome(reader, later, sandbox, case.leads + _LATE_LEADS, (first + more, has_ended))


def _late_leads(sandbox: RunningSandbox, now: int) -> list[dict[str, Any]]:
    [pattern, *_] = sandbox.page(now - 3 * 86_400, now)
    return [
        {
            **pattern,
            "metadata": {
                **pattern["metadata"],
                "leadId": str(UUID(int=number)),
                "ingestionDate": now - _LATE_SECONDS + number,
            },
        }
        for number in range(1, _LATE_LEADS + 1)
    ]


def _runs(reader: Reader, task: Task, *, kill_when: Callable[[], bool] | None = None) -> tuple[int, bool]:
    """Run a reader until it ends with status 0, at most three times; only the first run is killed."""
    for run in range(1, _MAX_RUNS + 1):
        folder = task.folder / f"attempt-{len(task.attempts) + 1}"
        status = attempt(
            reader.command(task), folder, variables(reader, task), kill_when=kill_when if run == 1 else None
        )
        if status == 0:
            return run, True
    return _MAX_RUNS, False


def _outcome(reader: Reader, task: Task, sandbox: RunningSandbox, leads: int, ended: tuple[int, bool]) -> Outcome:
    written = Counter(reader.lead_ids(task))
    return Outcome(
        title=reader.title,
        runs=ended[0],
        has_ended=ended[1],
        requests=sandbox.traffic().requests,
        lost=leads - len(written),
        again=written.total() - len(written),
    )
