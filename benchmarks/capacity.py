"""The sandbox's own capacity: if the sandbox were the bottleneck, all other figures would be worthless."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from benchmarks.sandbox_process import RunningSandbox

CLIENTS = (1, 2, 4)
_WEEK_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Capacity:
    """Pages of 100 leads served per second to this number of concurrent clients."""

    clients: int
    pages_per_second: float


def measure_capacity(sandbox: RunningSandbox, start: int, seconds: float) -> tuple[Capacity, ...]:
    """Measure the sandbox with growing numbers of client processes, which share the machine with it."""
    return tuple(Capacity(clients, _pages_per_second(sandbox, start, seconds, clients)) for clients in CLIENTS)


def _pages_per_second(sandbox: RunningSandbox, start: int, seconds: float, clients: int) -> float:
    sandbox.reset()
    url = urlsplit(sandbox.api_url)
    # The last week has leads, whenever the sandbox was started.
    end = min(start + _WEEK_SECONDS, int(time.time()))
    path = f"{url.path}/leads?minDate={start}&maxDate={end}&limit=100"
    client = [sys.executable, "-S", "-E", str(Path(__file__).with_name("raw_client.py"))]
    command = [*client, str(url.hostname), str(url.port), path, str(seconds)]
    processes = [subprocess.Popen(command) for _ in range(clients)]
    if any([process.wait() for process in processes]):  # noqa: C419  # all of them, not up to the first that failed
        message = "the sandbox refused a request of a raw client"
        raise RuntimeError(message)
    return sandbox.traffic().requests_per_second
