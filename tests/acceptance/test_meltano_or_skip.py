"""`examples/meltano_or_skip.py`, with a stand-in for Meltano; `make test-engines` runs it with Meltano itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.pages import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

REFUSAL = "[error    ] meltano      Another 'local:a-to-b' pipeline is already running which started at 2026-11-29."
FAILURE = "[error    ] meltano      Block run completed"


def start(folder: Path, meltano: str | None) -> subprocess.Popen[str]:
    """Start the example with this shell script as Meltano, or without Meltano."""
    if meltano is not None:
        (folder / "meltano").write_text(f"#!/bin/sh\n{meltano}\n")
        (folder / "meltano").chmod(0o700)
    return subprocess.Popen(
        [sys.executable, PROJECT / "examples" / "meltano_or_skip.py", "run", "a", "b"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": f"{folder}{os.pathsep}/bin" if meltano is not None else str(folder)},
    )


@pytest.mark.parametrize(
    ("meltano", "status"),
    [
        (f'echo "{REFUSAL}" >&2; exit 1', 99),
        (f'echo "{FAILURE}" >&2; exit 1', 1),
        (f'echo "{REFUSAL}" >&2', 0),
        (f'echo "{REFUSAL}" >&2; exit 2', 2),
        ('[ "$*" = "run a b" ]', 0),
        ("kill -9 $$", 137),
    ],
    ids=["refused", "failed", "ended well", "another status", "arguments", "killed"],
)
def test_status_tells_a_refusal_from_a_failure(meltano: str, status: int, tmp_path: Path) -> None:
    """The status is 99 if Meltano ended with 1 and said that it refuses the run; otherwise it is Meltano's own."""
    with start(tmp_path, meltano) as process:
        _, log = process.communicate(timeout=30)
    assert process.returncode == status
    assert log.strip() in meltano


def test_signal_reaches_meltano_once(tmp_path: Path) -> None:
    """SIGTERM stops Meltano gracefully, and the status is Meltano's own."""
    meltano = "trap 'echo told >&2; exit 143' TERM; echo ready; while :; do sleep 0.05; done"
    with start(tmp_path, meltano) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=30)
    assert process.returncode == 143
    assert log == "told\n"


def test_missing_meltano_is_reported(tmp_path: Path) -> None:
    """Without Meltano on the path, there is one line, and the status of a missing command."""
    with start(tmp_path, None) as process:
        _, log = process.communicate(timeout=30)
    assert process.returncode == 127
    assert log == "meltano is not on the PATH\n"
