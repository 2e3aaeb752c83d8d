"""Several taps run at the same time on one account and share its limit through the benchmark's own PostgreSQL."""

from __future__ import annotations

import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.contenders import OURS, Job
from benchmarks.measure import Stage, check, costs
from benchmarks.sandbox_process import running_sandbox
from tests.embedded_postgres import embedded_postgres

if TYPE_CHECKING:
    from benchmarks.cases import Case
    from benchmarks.sandbox_process import RunningSandbox

#: The number of simultaneous processes, and of further ones that are killed one after the other during their requests.
PROCESSES = ((1, 0), (2, 0), (4, 0), (2, 4))
_MAX_SECONDS_TO_START = 20
#: From its first request to its end.
_LIVES_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Shared:
    """The server's statistics for this number of processes together."""

    processes: int
    killed: int
    requests: int
    requests_per_second: float
    refused: int  #: answered 429
    over_limit: int  #: beyond the sandbox's jitter
    max_in_flight: int
    cpu_seconds: float  #: average of the processes that were not killed


def measure_shared(case: Case, latency_ms: float) -> tuple[Shared, ...]:
    """Return the figures for each of `PROCESSES`.

    Raises:
        RunFailedError: a process failed, or did not read every lead.
    """
    with embedded_postgres() as url:
        measured = []
        for count, kills in PROCESSES:
            with running_sandbox(case, latency_ms) as sandbox:
                measured.append(_together(case, sandbox, url, count, kills))
        return tuple(measured)


def _together(case: Case, sandbox: RunningSandbox, url: str, count: int, kills: int) -> Shared:
    stage = Stage.begin(case, sandbox)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ThreadPoolExecutor(count + 1) as pool:

        def job(number: int) -> Job:
            folder = Path(name, str(number))
            folder.mkdir()
            return Job(
                api_url=sandbox.api_url,
                root_url=sandbox.root_url,
                start=stage.start,
                end=int(time.time()),
                is_limited=True,
                is_nothing_new=False,
                folder=folder,
                rate_limit_url=url,
            )

        jobs = [job(number) for number in range(count)]
        sandbox.reset()
        running = [pool.submit(costs, OURS, each) for each in jobs]
        for number in range(kills):
            _kill_one(job(count + number))
        cpu_seconds = [each.result()["cpu_seconds"] for each in running]
        traffic = sandbox.traffic()
        for each in jobs:
            check(OURS, each.folder, case.leads)
    return Shared(
        processes=count,
        killed=kills,
        requests=traffic.requests,
        requests_per_second=traffic.requests_per_second,
        refused=traffic.refused,
        over_limit=traffic.over_limit,
        max_in_flight=traffic.max_in_flight,
        cpu_seconds=sum(cpu_seconds) / count,
    )


def _kill_one(job: Job) -> None:
    """Start one more process, and kill it with SIGKILL."""
    with (
        (job.folder / "log").open("w") as log,
        subprocess.Popen(OURS.command(job), stdout=subprocess.DEVNULL, stderr=log) as process,
    ):
        until = time.monotonic() + _MAX_SECONDS_TO_START
        while "Reading leads" not in (job.folder / "log").read_text("utf-8") and time.monotonic() < until:
            threading.Event().wait(0.05)
        threading.Event().wait(_LIVES_SECONDS)
        process.kill()
