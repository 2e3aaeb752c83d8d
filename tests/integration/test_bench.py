"""`make bench` measures, with a hundredth of the leads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_benchmark_compares_complete_runs(tmp_path: Path) -> None:
    """Every contender brings every lead, and the report has each table; figures of so few leads mean nothing."""
    report = tmp_path / "performance.md"
    arguments = ["--quick", "--latency-ms", "25", "--repeats", "1", "--report", str(report)]
    command = [sys.executable, "-m", "tests.benchmarks.bench", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=PROJECT)
    assert ended.returncode == 0, ended.stderr
    text = report.read_text()
    for case in ("wide", "dense", "sparse"):
        for contender in ("tap-seeker-leads", "bare loop", "minimal SDK tap"):
            assert f"| {case} | {contender} |" in text
    assert "makes 1 request and" in text
