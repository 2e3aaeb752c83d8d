"""The cost of many accounts without new leads in one process, compared with single runs and with a bare loop."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.inputs import BIN
from benchmarks.measure import costs_of
from benchmarks.sandbox_process import running_sandbox

if TYPE_CHECKING:
    from benchmarks.cases import Case
    from benchmarks.contenders import Command
    from benchmarks.sandbox_process import RunningSandbox

TAP = BIN / "tap-seeker-leads"


@dataclass(frozen=True, slots=True)
class AccountsFigures:
    """Medians of runs over this number of accounts, which were already up to date."""

    accounts: int
    requests: int
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float
    state_kilobytes: float  #: of the longest STATE line
    loop_cpu_seconds: float  #: of a bare loop with the same number of requests over one session
    single_cpu_seconds: float  #: of one run over one account


def measure_accounts(case: Case, *, repeats: int, single_runs: int) -> AccountsFigures:
    """Measure one case.

    Raises:
        RunFailedError: a run failed.
    """
    with running_sandbox(case, 0) as sandbox, tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        many = _Tap(folder / "many", sandbox, {"accounts": _accounts(case.accounts)}, case.days)
        one = _Tap(folder / "one", sandbox, {"intermediary_id": "agency-1"}, case.days)
        for tap in (many, one):
            tap.run()  # reads the existing leads and requests the tokens
        sandbox.reset()
        runs = [many.run()]
        requests = sandbox.traffic().requests
        runs += [many.run() for _ in range(repeats - 1)]
        singles = [one.run() for _ in range(single_runs)]
        loops = [_loop_cpu_seconds(sandbox, case.accounts, requests) for _ in range(repeats)]
    return AccountsFigures(
        accounts=case.accounts,
        requests=requests,
        cpu_seconds=median(run["cpu_seconds"] for run in runs),
        wall_seconds=median(run["wall_seconds"] for run in runs),
        peak_mib=median(run["peak_mib"] for run in runs),
        state_kilobytes=many.longest_state / 1000,
        loop_cpu_seconds=median(loops),
        single_cpu_seconds=median(run["cpu_seconds"] for run in singles),
    )


class _Tap:
    """The tap with its own state and token cache, run repeatedly."""

    def __init__(self, folder: Path, sandbox: RunningSandbox, accounts: dict[str, Any], days: int) -> None:
        folder.mkdir()
        self._folder = folder
        self._state = folder / "state.json"
        self.longest_state = 0
        config = {
            "api_url": sandbox.api_url,
            "auth_url": f"{sandbox.root_url}/oauth/token",
            "client_id": "sandbox",
            "client_secret": "sandbox",
            "start_date": time.strftime("%Y-%m-%d", time.gmtime(time.time() - (days + 1) * 86_400)),
            "rate_limit_requests": 1000,
            "lookback_seconds": 60,
            **accounts,
        }
        (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")

    def run(self) -> dict[str, float]:
        """Run it from its last state, and return its cost."""
        state: Command = ["--state", self._state] if self._state.exists() else []
        command: Command = [TAP, "--config", self._folder / "config.json", *state]
        costs = costs_of(command, self._folder, {"XDG_CACHE_HOME": str(self._folder / "cache")})
        lines = (self._folder / "stdout.jsonl").read_bytes().splitlines()
        states = [line for line in lines if b'"STATE"' in line]
        self.longest_state = max(map(len, states))
        self._state.write_text(json.dumps(json.loads(states[-1])["value"]), encoding="utf-8")
        return costs


def _accounts(count: int) -> list[dict[str, str]]:
    return [{"label": f"Agency {number:04}", "intermediary_id": f"agency-{number}"} for number in range(1, count + 1)]


def _loop_cpu_seconds(sandbox: RunningSandbox, accounts: int, requests: int) -> float:
    script = str(Path(__file__).with_name("quiet_loop.py"))
    urls = (sandbox.api_url, f"{sandbox.root_url}/oauth/token")
    command = [sys.executable, script, *urls, str(accounts), str(requests)]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
