"""Signals to a command that has copied its input to a temporary file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import wait_until

REPOSITORY = Path(__file__).parents[2]
ROWS = b"email,lastName\n" + b"jane@example.com,Dupont\n" * 50_000
BUFFER_BYTES = 256 * 1024


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_stopped_command_leaves_no_personal_data(number: signal.Signals, tmp_path: Path) -> None:
    """A signal, such as SIGHUP from a closed terminal, stops a command gracefully: its copy of a pipe is deleted."""
    with subprocess.Popen(
        [sys.executable, "-m", "seeker_leads_cli", "preview", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(REPOSITORY)},
    ) as command:
        assert command.stdin
        assert command.stderr
        command.stdin.write(ROWS)
        command.stdin.flush()
        wait_until(lambda: any(copy.stat().st_size > len(ROWS) - BUFFER_BYTES for copy in tmp_path.iterdir()))
        command.send_signal(number)
        command.wait(30)
        stderr = command.stderr.read()
    assert command.returncode == 128 + number
    assert stderr.decode() == f"Stopped by {number.name}; what was finished is kept\n"
    assert [*tmp_path.iterdir()] == []
