"""Measures how fast each sender is, and what happens to records in the presence of faults."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.cases import Case
from benchmarks.comparison.attempts import attempt
from benchmarks.comparison.senders import SendTask, invented_rows
from benchmarks.measure import RunFailedError, costs_of
from benchmarks.sandbox_process import running_sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from benchmarks.cases import ComparisonPlan
    from benchmarks.comparison.senders import Call, Sender
    from benchmarks.sandbox_process import RunningSandbox

_EMPTY = Case("sending", 0, 1, is_limited=True)
_WRONG = 5
_LOST_ANSWERS = {"kind": "lost_answer", "method": "POST", "path": "/leads", "times": 3, "after": 10}


@dataclass(frozen=True, slots=True)
class SendSpeed:
    """What it took one sender to send all records; `posts_per_second` is None if it failed."""

    title: str
    posts_per_second: float | None
    refused: int = 0  #: answered 429
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_mib: float = 0.0


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """What became of the records after two runs."""

    title: str
    statuses: tuple[int, ...]  #: the exit status of each run; negative if it was killed
    created: int  #: records of which there is a lead
    surplus: int  #: leads beyond one for each record
    refused: int  #: requests that the API refused for their content


@dataclass(frozen=True, slots=True)
class SendScenario:
    """What goes wrong, and what became of the records."""

    title: str
    valid: int  #: records that should become leads
    outcomes: tuple[SendOutcome, ...]


@dataclass(frozen=True, slots=True)
class SendSetup:
    """Where senders get what they need."""

    database_url: str | None
    environment: Path | None

    @contextmanager
    def task(
        self, sandbox: RunningSandbox, sender: Sender, rows: Sequence[Mapping[str, str]]
    ) -> Iterator[tuple[Call, Path]]:
        """Give the way to start a sender, and an empty folder of its own."""
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            task = SendTask(sandbox.api_url, Path(name), rows, self.database_url, self.environment)
            yield sender.prepare(task), Path(name)


def measure_sending(rows: int, latency_ms: float, senders: Sequence[Sender], setup: SendSetup) -> list[SendSpeed]:
    """Return the speed of each sender."""
    speeds = []
    for sender in senders:
        with (
            running_sandbox(_EMPTY, latency_ms) as sandbox,
            setup.task(sandbox, sender, invented_rows(rows)) as (call, folder),
        ):
            try:
                cost = costs_of(call.command, folder, call.variables, cwd=call.cwd)
            except RunFailedError:
                speeds.append(SendSpeed(sender.title, None))
                continue
            traffic = sandbox.traffic()
            speeds.append(SendSpeed(sender.title, traffic.requests_per_second, traffic.refused, **cost))
    return speeds


def measure_send_robustness(plan: ComparisonPlan, senders: Sequence[Sender], setup: SendSetup) -> list[SendScenario]:
    """Return what becomes of the records after a kill, lost answers, a second run and wrong records."""
    rows, wrong = invented_rows(plan.robustness_rows), invented_rows(plan.robustness_rows, wrong=_WRONG)
    half = plan.robustness_rows // 2

    def measure(title: str, rows: list[dict[str, str]], valid: int, faults: list[Any], kill_after: int) -> SendScenario:
        outcomes = []
        for sender in senders:
            with (
                running_sandbox(_EMPTY, plan.quick_latency_ms) as sandbox,
                setup.task(sandbox, sender, rows) as (call, folder),
            ):
                sandbox.fail(faults)
                killer = _after(sandbox, kill_after) if kill_after else None
                outcomes.append(_outcome(sender, call, folder, sandbox, killer))
        return SendScenario(title, valid, tuple(outcomes))

    return [
        measure("Sent twice, unchanged", rows, len(rows), [], 0),
        measure("Killed in the middle", rows, len(rows), [], half),
        measure("Three answers that are lost after the lead was created", rows, len(rows), [_LOST_ANSWERS], 0),
        measure(f"{_WRONG} records with an invalid e-mail", wrong, len(wrong) - _WRONG, [], 0),
    ]


def _after(sandbox: RunningSandbox, requests: int) -> Callable[[], bool]:
    return lambda: sandbox.traffic().requests >= requests


def _outcome(
    sender: Sender, call: Call, folder: Path, sandbox: RunningSandbox, kill_when: Callable[[], bool] | None
) -> SendOutcome:
    statuses = [
        attempt(call.command, folder / f"attempt-{run}", call.variables, kill_when=when, cwd=call.cwd)
        for run, when in ((1, kill_when), (2, None))
    ]
    leads = Counter(lead["email"] for lead in sandbox.created())
    return SendOutcome(
        title=sender.title,
        statuses=tuple(statuses),
        created=len(leads),
        surplus=leads.total() - len(leads),
        refused=sandbox.traffic().bad,
    )
