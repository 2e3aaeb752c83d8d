"""Runs one contender once, and says what it cost and what the server saw."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.sandbox_process import RunningSandbox

BIN = Path(sys.executable).parent
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Figures:
    """One run, or the medians of several."""

    leads: float
    requests: float
    requests_per_second: float
    leads_per_second: float
    refused: float  #: answered 429
    over_limit: float  #: beyond the sandbox's jitter
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


class IncompleteError(Exception):
    """A contender lost or doubled leads, so its speed means nothing."""


def run(
    contender: str, sandbox: RunningSandbox, days: int, expected: int, state: dict[str, Any] | None = None
) -> Figures:
    """Run a contender over the sandbox's leads.

    Raises:
        IncompleteError: not each of the expected leads came once.
    """
    sandbox.reset()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.jsonl"
        command = _command(contender, sandbox.api_url, int(time.time()) - days * 86_400 - 60, Path(folder), state)
        started = time.monotonic()
        with out.open("wb") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall_seconds = time.monotonic() - started
        ids = _lead_ids(out)
    if process.returncode != 0 or len(ids) != len(set(ids)) or len(ids) != expected:
        msg = f"{contender}: status {process.returncode}, {len(ids)} leads, {len(set(ids))} different, of {expected}"
        raise IncompleteError(msg)
    seen = sandbox.statistics()
    span_seconds = (seen["last_start"] - seen["first_start"]) if seen["requests"] > 1 else 0.0
    return Figures(
        leads=len(ids),
        requests=seen["requests"],
        # Over so long as it takes to start them: n requests have n - 1 intervals.
        requests_per_second=(seen["requests"] - 1) / span_seconds if span_seconds else 0.0,
        leads_per_second=len(ids) / span_seconds if span_seconds else 0.0,
        refused=seen["by_status"].get("429", 0),
        over_limit=seen["over_limit_beyond_jitter"],
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        wall_seconds=wall_seconds,
        peak_mib=usage.ru_maxrss / 1024,
    )


def medians(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(**{name: median(getattr(each, name) for each in runs) for name in Figures.__dataclass_fields__})


def start_up_cpu_seconds(*arguments: str) -> float:
    """Return the CPU that a Python program costs, median of five."""
    costs = []
    for _ in range(5):
        process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        costs.append(usage.ru_utime + usage.ru_stime)
    return median(costs)


def _command(contender: str, api_url: str, start: int, folder: Path, state: dict[str, Any] | None) -> list[str | Path]:
    if contender == "bare loop":
        return [sys.executable, HERE / "bare_loop.py", api_url, str(start), str(int(time.time()))]
    config: dict[str, Any] = {"api_url": api_url, "auth_token": "sandbox-token"}
    file = folder / "config.json"
    if contender == "minimal SDK tap":
        file.write_text(json.dumps({**config, "start": start}))
        return [sys.executable, HERE / "minimal_tap.py", "--config", file]
    config["start_date"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start))
    config["rate_limit_requests"] = 1000 if contender.endswith("no limit") else 10
    file.write_text(json.dumps(config))
    command: list[str | Path] = [BIN / "tap-seeker-leads", "--config", file]
    if state is not None:
        (folder / "state.json").write_text(json.dumps(state))
        command += ["--state", folder / "state.json"]
    return command


def _lead_ids(file: Path) -> list[str]:
    ids = []
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            record = message.get("record", message if "metadata" in message else None)
            if record is not None:
                ids.append(record["leadId"] if "leadId" in record else record["metadata"]["leadId"])
    return ids
