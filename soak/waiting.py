"""Waits for programs that must end, and finds out what those do that hang."""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from soak.rounds import Round

#: Far longer than any run takes, even one whose API and tokens fail again and again on a busy machine.
LONGEST_SECONDS = 420.0


def output_of(process: subprocess.Popen[Any], done: Round, log: Path) -> Any:
    """Wait for a program's end, and return what it wrote to stdout, if that is a pipe.

    One that hangs breaks a promise, and is killed in a way that has it log where each of its threads is.
    """
    try:
        return process.communicate(timeout=LONGEST_SECONDS)[0]
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)
        stdout, _ = process.communicate()
        said = log.read_text("utf-8", "replace")[-6000:]
        done.promise("a run ends", is_kept=False, detail=f"not within {LONGEST_SECONDS:.0f} s\n{said}")
        return stdout
