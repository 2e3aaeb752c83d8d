"""The sandbox as a process of its own, so that it does not share an interpreter with what is measured."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers."""

    api_url: str

    @property
    def admin_url(self) -> str:
        """Where only a sandbox answers."""
        return self.api_url.removesuffix("/seeker-leads/v1") + "/_sandbox"

    def statistics(self) -> dict[str, Any]:
        """Return what clients did since the last reset."""
        with urllib.request.urlopen(f"{self.admin_url}/stats", timeout=30) as answer:
            statistics: dict[str, Any] = json.load(answer)
        return statistics

    def reset(self) -> None:
        """Begin to count anew."""
        request = urllib.request.Request(f"{self.admin_url}/stats/reset", method="POST")
        urllib.request.urlopen(request, timeout=30).close()


@contextmanager
def running_sandbox(leads: int, days: int, latency_ms: float, *, limited: bool) -> Iterator[RunningSandbox]:
    """Serve so many leads of the last days on a free port."""
    command: list[str | Path] = [
        BIN / "seeker-leads-sandbox",
        "serve",
        "--port",
        "0",
        "--leads",
        str(leads),
        "--days",
        str(days),
    ]
    command += ["--latency-ms", str(latency_ms), *([] if limited else ["--no-limit"])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            yield RunningSandbox(line.split()[1])
        finally:
            process.terminate()
