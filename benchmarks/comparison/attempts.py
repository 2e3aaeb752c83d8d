"""One attempt of a program: until it ends, or until it is killed in the middle."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from benchmarks.measure import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from benchmarks.contenders import Command

_TIMEOUT_SECONDS = 300
_POLL_SECONDS = 0.02
KILLED = -9


def attempt(
    command: Command,
    folder: Path,
    variables: Mapping[str, str],
    *,
    kill_when: Callable[[], bool] | None = None,
    cwd: Path | None = None,
) -> int:
    """Run a program; return its exit status. Its output goes into files of the folder.

    It is killed as soon as `kill_when` is true, and after five minutes: then the status is negative.
    """
    folder.mkdir()
    with (
        (folder / "stdout.jsonl").open("wb") as out,
        (folder / "stderr.log").open("wb") as errors,
        subprocess.Popen(command, stdout=out, stderr=errors, env=environment(variables), cwd=cwd) as process,
    ):
        until = time.monotonic() + _TIMEOUT_SECONDS
        while process.poll() is None:
            if time.monotonic() > until or (kill_when is not None and kill_when()):
                process.kill()
                break
            time.sleep(_POLL_SECONDS)
        return process.wait()
