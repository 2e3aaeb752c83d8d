"""Runs one contender once, and returns its costs and the server's statistics."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, fields
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.cases import MARGIN_SECONDS
from benchmarks.contenders import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.cases import Case
    from benchmarks.contenders import Command, Contender
    from benchmarks.sandbox_process import RunningSandbox

_TIMEOUT_SECONDS = 300
_CHILD = Path(__file__).with_name("measured_child.py")
#: Requests to the sandbox must not go through a proxy of this machine.
_PROXIES = {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}


@dataclass(frozen=True, slots=True)
class Figures:
    """One run, or the median of each figure over several runs."""

    requests: float
    requests_per_second: float  #: at the server, from the first request to the last
    leads_per_second: float  #: as above
    refused: float  #: answered 429
    over_limit: float  #: by more than the sandbox's jitter
    cpu_seconds: float
    wall_seconds: float
    peak_mib: float


class RunFailedError(Exception):
    """A contender failed or is incomplete, so its speed means nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A case in progress: its sandbox, and the instant from which its leads are read."""

    case: Case
    sandbox: RunningSandbox
    start: int

    @classmethod
    def begin(cls, case: Case, sandbox: RunningSandbox) -> Stage:
        """Return the stage for a sandbox that has just been started."""
        return cls(case, sandbox, int(time.time()) - case.days * 86_400 - MARGIN_SECONDS)

    def run(self, contender: Contender) -> Figures:
        """Run a contender over all leads of the sandbox.

        Raises:
            RunFailedError: it failed or is incomplete.
        """
        return self._run(contender, self.case.leads, is_nothing_new=False)

    def run_nothing_new(self, contender: Contender) -> Figures:
        """Run a contender as if it had already read everything up to now.

        Raises:
            RunFailedError: it failed.
        """
        return self._run(contender, None, is_nothing_new=True)

    def _run(self, contender: Contender, expected: int | None, *, is_nothing_new: bool) -> Figures:
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder, end = Path(name), int(time.time())
            job = Job(
                api_url=self.sandbox.api_url,
                root_url=self.sandbox.root_url,
                start=end - 1 if is_nothing_new else self.start,
                end=end,
                is_limited=self.case.is_limited,
                is_nothing_new=is_nothing_new,
                folder=folder,
            )
            self.sandbox.reset()
            cost = costs(contender, job)
            traffic = self.sandbox.traffic()
            if expected is not None:
                check(contender, folder, expected)
        per_request = (expected or 0) / traffic.requests if traffic.requests else 0.0
        return Figures(
            requests=traffic.requests,
            requests_per_second=traffic.requests_per_second,
            leads_per_second=per_request * traffic.requests_per_second,
            refused=traffic.refused,
            over_limit=traffic.over_limit,
            **cost,
        )


def medians(runs: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(**{each.name: median(getattr(run, each.name) for run in runs) for each in fields(Figures)})


def costs(contender: Contender, job: Job) -> dict[str, float]:
    """Run a contender until it ends; return the cost of its process.

    Raises:
        RunFailedError: it failed.
    """
    return costs_of(contender.command(job), job.folder, {})


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a measured program: that of this process without proxies, and its own variables."""
    return {**{name: value for name, value in os.environ.items() if name.lower() not in _PROXIES}, **variables}


def costs_of(
    command: Command, folder: Path, variables: Mapping[str, str], *, cwd: Path | None = None
) -> dict[str, float]:
    """Run a program; return its CPU and wall seconds and its peak memory. Its stdout is written to a file.

    Raises:
        RunFailedError: it failed.
    """
    errors = folder / "stderr.log"
    helper: list[str | Path] = [sys.executable, "-S", "-E", _CHILD, folder / "stdout.jsonl", errors]
    ended = subprocess.run(
        [*helper, str(_TIMEOUT_SECONDS), *command],
        stdout=subprocess.PIPE,
        check=True,
        cwd=cwd,
        env=environment(variables),
    )
    cost: dict[str, float] = json.loads(ended.stdout)
    status = cost.pop("exit_status")
    if status != 0:
        # Shown to the user on the terminal; the report contains only the status.
        sys.stderr.write(errors.read_text(encoding="utf-8", errors="replace")[-2000:])
        message = f"ended with status {status:.0f}"
        raise RunFailedError(message)
    return cost


def check(contender: Contender, folder: Path, expected: int) -> None:
    """Check that a contender read this number of leads.

    Raises:
        RunFailedError: leads are missing, or our tap wrote some twice.
    """
    ids: set[str] = set()
    lines = 0
    for lead_id in _lead_ids(contender, folder):
        ids.add(lead_id)
        lines += 1
    # All ids come from the sandbox, so as many different ids as it has leads means all of them.
    if len(ids) != expected:
        message = f"{len(ids):,} different leads of {expected:,}"
        raise RunFailedError(message)
    # Simple loops read a second on the edge of two windows twice; our tap promises each lead once.
    if contender.is_ours and lines != expected:
        message = f"{lines - expected:,} leads were written more than once"
        raise RunFailedError(message)


def _lead_ids(contender: Contender, folder: Path) -> Iterator[str]:
    with (folder / "stdout.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            value: Any = json.loads(line)
            for name in contender.lead_id:
                value = value.get(name)
                if value is None:
                    break
            if value is not None:
                yield value
