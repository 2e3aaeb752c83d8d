"""Runs a command and prints its cost: `measured_child.py STDOUT STDERR TIMEOUT_SECONDS COMMAND...`.

It is a separate, small process because Linux includes the parent's memory in a new program's peak: the memory of a
harness that holds a hundred thousand ids would be counted for every contender.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def main(stdout: str, stderr: str, timeout_seconds: str, *command: str) -> None:
    """Run the command, kill it after the time-out, and print its status and costs as JSON."""
    with Path(stdout).open("wb") as out, Path(stderr).open("wb") as err:
        started = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=err)
        signal.signal(signal.SIGALRM, lambda *_: process.kill())
        signal.alarm(int(timeout_seconds))
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    # In KiB, except on macOS.
    peak_bytes = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    costs = {
        "exit_status": process.returncode,
        "wall_seconds": wall_seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": peak_bytes / 2**20,
    }
    sys.stdout.write(json.dumps(costs))


if __name__ == "__main__":
    main(*sys.argv[1:])
