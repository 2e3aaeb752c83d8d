"""The benchmark with few leads: checks that it works, not its figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_benchmark_compares_complete_runs(tmp_path: Path) -> None:
    """Every contender reads every lead, and the report has each table; an incomplete run would end with status 1."""
    report = tmp_path / "performance.md"
    arguments = ["--quick", "--latency-ms", "25", "--repeats", "1", "--contenders", "ours,bare,minimal"]
    cases = ["--cases", "wide,nothing,cpu,memory,capacity"]
    command = [sys.executable, "-m", "benchmarks.bench", *arguments, *cases, "--report", str(report)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=PROJECT)

    assert ended.returncode == 0, ended.stderr
    text = report.read_text(encoding="utf-8")
    assert text == ended.stdout
    for title in ("Goals", "CPU", "Memory of our tap", "Nothing new", "The sandbox is not the bottleneck"):
        assert f"\n## {title}\n\n" in text
    for contender in ("tap-seeker-leads", "bare loop", "minimal SDK tap"):
        # wide, CPU, nothing new
        assert text.count(f"\n| {contender} ") == 3
    assert text.count("| not measured ") == 2  # dense and sparse were not requested
    assert "Failed or left out" not in text
    assert str(tmp_path) not in text
