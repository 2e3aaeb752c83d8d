"""Console scripts as users run them: whole, with files of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.target_files import TargetFiles

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Ended:
    """The results of a program."""

    status: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.split("\n") if line]

    @property
    def errors(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if "| ERROR" in line or "| CRITICAL" in line]


def run_to_end(*command: str | Path, **options: Any) -> Ended:
    """Run a program; the options are those of `subprocess.run`."""
    process = subprocess.run(command, **{"timeout": 120, **options}, capture_output=True, text=True, check=False)
    return Ended(process.returncode, process.stdout, process.stderr)


@dataclass(frozen=True)
class TargetProgram(TargetFiles):
    """`target-seeker-leads` with its own config file, ledger and file of rejects."""

    folder: Path

    def configure(self, api_url: str, **config: Any) -> None:
        settings = {
            "api_url": api_url,
            "auth_token": "sandbox-token",
            "ledger_url": f"sqlite:///{self.ledger_path}",
            "rejects_path": str(self.rejects_path),
            **config,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        (self.folder / "config.json").write_text(json.dumps(given))

    @property
    def log(self) -> str:
        """Return the log of all its runs."""
        return (self.folder / "log").read_text("utf-8")

    def start(self, **options: Any) -> subprocess.Popen[str]:
        """Start it; the caller waits for its end."""
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [BIN / "target-seeker-leads", "--config", self.folder / "config.json"],
                text=True,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LOGLEVEL": "DEBUG"},
                **options,
            )

    def run(self, lines: str) -> Ended:
        """Run it with these lines as input."""
        said_before = len(self.log) if (self.folder / "log").exists() else 0
        with self.start(stdin=subprocess.PIPE) as process:
            stdout, _ = process.communicate(lines, timeout=120)
        return Ended(process.returncode, stdout, self.log[said_before:])


def wait_for_created(sandbox: Sandbox, count: int) -> None:
    """Wait until this number of leads was created."""
    assert sandbox.statistics.wait_until(lambda: len(sandbox.created) >= count)


def wait_for_requests(sandbox: Sandbox, count: int, *, timeout_seconds: float = 60.0) -> bool:
    """Wait until this number of requests has arrived; return whether they have."""
    return sandbox.statistics.wait_until(lambda: sandbox.statistics.requests >= count, timeout_seconds=timeout_seconds)
