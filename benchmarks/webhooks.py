"""The receiver of webhook calls: a burst, an idle receiver, and the time from a call to the row in PostgreSQL.

The last one runs this repository's Meltano project, and compares it with single runs of the same pipeline.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import statistics
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import psutil
import psycopg
import requests

from benchmarks.inputs import BIN, PROJECT
from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.embedded_postgres import embedded_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.cases import WebhookPlan

KEY = "key-of-the-benchmark"
TABLE = "seeker_leads_local.leads"
_LONGEST_WAIT_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Burst:
    """Calls in one second, during a run."""

    calls: int
    median_ms: float
    p99_ms: float
    longest_ms: float
    further_runs: int  #: after the run in progress
    grown_mib: float


@dataclass(frozen=True, slots=True)
class Arrival:
    """Medians of the time from a lead's call to its row, and of one run of that pipeline."""

    leads: int
    seconds: float
    run_seconds: float


@dataclass(frozen=True, slots=True)
class Webhooks:
    """All figures of the receiver."""

    burst: Burst
    idle_share: float  #: of a core
    arrival: Arrival | None  #: None if the plan has no arrivals


def measure_webhooks(plan: WebhookPlan) -> Webhooks:
    """Return the figures.

    Raises:
        RuntimeError: a call was not answered with 200.
        TimeoutError: a condition was not met in time.
    """
    return Webhooks(
        _burst(plan.calls), _idle_share(plan.idle_seconds), _arrival(plan.arrivals) if plan.arrivals else None
    )


@contextmanager
def _receiver(command: str, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[int, Path]]:
    """Run `serve`; yield process id and log when it listens."""
    arguments = ["webhooks", "serve", "--run", command, "--port", "0", *options]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with (
            log.open("wb") as file,
            subprocess.Popen(
                [BIN / "seeker-leads", *arguments],
                stdout=file,
                stderr=file,
                cwd=PROJECT,
                env={**(environment or os.environ), "SEEKER_LEADS_WEBHOOK_API_KEY": KEY},
            ) as process,
        ):
            try:
                _wait_until(lambda: "Listening on" in log.read_text("utf-8"))
                yield process.pid, log
            finally:
                process.terminate()


def _url_of(log: Path) -> str:
    return f"{log.read_text('utf-8').partition('Listening on ')[2].split()[0]}/"


def _wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + _LONGEST_WAIT_SECONDS
    while not condition():
        if time.monotonic() > until:
            message = "it took too long"
            raise TimeoutError(message)
        threading.Event().wait(0.02)


def _health(url: str) -> dict[str, object]:
    content: dict[str, object] = requests.get(f"{url}healthz", timeout=10).json()
    return content


async def _call(url: str, calls: int) -> list[float]:
    """Make the calls, spread evenly over a second; return how long each answer took, in milliseconds."""
    took: list[float] = []

    async def call(session: aiohttp.ClientSession, at: float) -> None:
        await asyncio.sleep(at)
        began = time.perf_counter()
        async with session.post(url, json={"lead": "x" * 500}, headers={"X-Api-Key": KEY}) as answer:
            if answer.status != 200:
                message = f"a call was answered {answer.status}"
                raise RuntimeError(message)
        took.append((time.perf_counter() - began) * 1000)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:
        await asyncio.gather(*(call(session, number / calls) for number in range(calls)))
    return sorted(took)


def _burst(calls: int) -> Burst:
    with _receiver("sleep 2", "--recheck-seconds", "0") as (pid, log):
        url, process = _url_of(log), psutil.Process(pid)
        _wait_until(lambda: _health(url)["is_running"] is True)
        before = process.memory_info().rss
        took = asyncio.run(_call(url, calls))
        grown_mib = (process.memory_info().rss - before) / 2**20
        _wait_until(lambda: log.read_text("utf-8").count("The run ended") >= 2)
        threading.Event().wait(6)  # a third run would have begun by then
        runs = log.read_text("utf-8").count("A run begins") - 1
    return Burst(calls, statistics.median(took), took[int(calls * 0.99) - 1], took[-1], runs, grown_mib)


def _idle_share(seconds: float) -> float:
    with _receiver("true", "--recheck-seconds", "0") as (pid, log):
        _wait_until(lambda: "The run ended" in log.read_text("utf-8"))
        process = psutil.Process(pid)
        before = process.cpu_times()
        threading.Event().wait(seconds)
        after = process.cpu_times()
    return max(0.0, after.user + after.system - before.user - before.system) / seconds


def _arrival(leads: int) -> Arrival:
    options = SandboxOptions(leads=100, days=1)
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_postgres() as database_url,
        Sandbox.start(options) as sandbox,
    ):
        environment = {
            **os.environ,
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_ENVIRONMENT": "local",
            "MELTANO_DATABASE_URI": f"sqlite:///{folder}/meltano.db",
            "TAP_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TAP_SEEKER_LEADS_AUTH_TOKEN": sandbox.options.token,
            "TARGET_POSTGRES_SQLALCHEMY_URL": database_url,
            "NO_COLOR": "1",
        }
        command = [str(BIN / "meltano"), "run", "tap-seeker-leads", "target-postgres"]
        with psycopg.connect(database_url, autocommit=True) as database:

            def rows() -> int:
                row = database.execute(f"SELECT count(*) FROM {TABLE}").fetchone()  # noqa: S608  # only the name above
                return int(row[0]) if row else 0

            runs, arrivals = [], []
            for _ in range(leads + 1):
                sandbox.add_leads(1)
                began = time.monotonic()
                subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
                runs.append(time.monotonic() - began)
            with _receiver(
                shlex.join(command), "--debounce-seconds", "0", "--recheck-seconds", "0", environment=environment
            ) as (_, log):
                url = _url_of(log)
                subscription = {"url": url, "apiKey": KEY, "status": "ACTIVE"}
                headers = {"Authorization": f"Bearer {sandbox.options.token}"}
                requests.post(f"{sandbox.api_url}/webhook/subscriptions", json=subscription, headers=headers, timeout=9)
                for _ in range(leads):
                    _wait_until(lambda: _health(url)["is_running"] is False)
                    before = rows()
                    began = time.monotonic()
                    sandbox.add_leads(1)
                    _wait_until(lambda before=before: rows() > before)  # type: ignore[misc]  # mypy infers no default
                    arrivals.append(time.monotonic() - began)
                _wait_until(lambda: _health(url)["is_running"] is False)
    return Arrival(leads, statistics.median(arrivals), statistics.median(runs[1:]))
