"""`make demo`, without its set-up."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.alone

DEMO = [sys.executable, "-m", "demo"]


def left_running() -> set[tuple[int, str]]:
    """Return what a demo may leave behind: programs of this project, and a PostgreSQL in its folder."""
    found = set()
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(PROJECT / ".demo") in line or "meltano run" in line or "seeker-leads-sandbox serve" in line:
            found.add((process.info["pid"], line))
    return found


def test_demo_shows_both_directions() -> None:
    """All leads come, then the new ones, then one by a webhook; a file, its mended rejects, nothing twice; no rest."""
    before = left_running()
    ended = subprocess.run(DEMO, capture_output=True, text=True, check=False, timeout=240, cwd=PROJECT)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    for text in (
        "5,000 leads came in the first run, 25 in the second, 1 by itself",
        "s later it is in PostgreSQL",
        "4 leads were sent, 5 more once they were mended, 0 when all was sent again",
        *("SLG-FRA", "CALL_TRACKING", "Bookmark", "row 1005  email must be a valid e-mail address"),
    ):
        assert text in ended.stdout
    assert left_running() <= before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_that_is_stopped_leaves_nothing_running(number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end the sandbox, PostgreSQL and Meltano too."""
    before = left_running()
    with subprocess.Popen(DEMO, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        for line in process.stdout:
            if "meltano run" in line:
                break
        process.send_signal(number)
        rest = process.stdout.read()
        assert process.wait(30) == 1
    assert "stopped" in rest
    assert left_running() <= before
