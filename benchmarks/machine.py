"""The machine and the versions of a measurement."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

OURS = ("singer-seeker-leads", "singer-sdk", "requests", "msgspec")
PEERS = ("tap-rest-api-msdk", "dlt", "airbyte-cdk", "drt-core")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine, without its name."""

    cores: int
    processor: str
    memory_gib: float
    load: float  #: average over the minute before the start, caused by other programs

    @classmethod
    def this(cls) -> Machine:
        """Return the machine that runs this."""
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        return cls(os.cpu_count() or 0, _processor(), memory_bytes / 2**30, os.getloadavg()[0])


def versions(peers: Path | None) -> dict[str, str]:
    """Return the versions of Python and of the measured packages."""
    found = {"Python": platform.python_version(), **{name: version(name) for name in OURS}}
    if peers is not None:
        script = f"from importlib.metadata import version\nfor n in {PEERS!r}: print(n, version(n))"
        answer = subprocess.run([peers / "bin" / "python", "-c", script], capture_output=True, text=True, check=True)
        found |= dict(line.split() for line in answer.stdout.splitlines())
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
