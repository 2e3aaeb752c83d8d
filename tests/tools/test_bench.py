"""The benchmark with few leads: checks that it works, not its figures."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.cases import QUICK
from benchmarks.comparison.readers import OURS as READER
from benchmarks.comparison.reading import measure_speeds
from benchmarks.comparison.robustness import measure_robustness
from benchmarks.comparison.senders import SENDERS
from benchmarks.comparison.sending import SendSetup, measure_send_robustness, measure_sending
from tests.pages import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

#: The default of `max_concurrent_requests`.
IN_FLIGHT = 10


def bench(report: Path, cases: str, *arguments: str) -> str:
    """Run the benchmark with a handful of leads; return its page, which is what it prints, too."""
    options = ["--quick", "--latency-ms", "25", "--cases", cases, "--report", str(report), *arguments]
    command = [sys.executable, "-m", "benchmarks.bench", *options]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=180, cwd=PROJECT)
    assert ended.returncode == 0, ended.stderr
    assert report.read_text(encoding="utf-8") == ended.stdout
    return ended.stdout


def test_benchmark_compares_complete_runs(tmp_path: Path) -> None:
    """Every contender reads every lead, and the report has each table; an incomplete run would end with status 1."""
    chosen = ["--repeats", "1", "--contenders", "ours,bare,minimal"]
    text = bench(tmp_path / "performance.md", "wide,nothing,cpu,memory,capacity,accounts", *chosen)
    for title in (
        "Goals",
        "CPU",
        "Memory of our tap",
        "Nothing new",
        "Many accounts with nothing new",
        "The sandbox is not the bottleneck",
    ):
        assert f"\n## {title}\n\n" in text
    for contender in ("tap-seeker-leads", "bare loop", "minimal SDK tap"):
        # wide, CPU, nothing new
        assert text.count(f"\n| {contender} ") == 3
    assert text.count("| not measured ") == 6  # dense, sparse, the shared limit and webhooks were not requested
    assert "\n## Failed\n" not in text
    assert str(tmp_path) not in text


def test_comparison_measures_what_becomes_of_leads() -> None:
    """Without the other tools, the comparison measures ours: no lead is lost, whatever goes wrong."""
    [speed] = measure_speeds(QUICK.comparison.limited, 25, [READER], None)
    assert speed.figures is not None
    scenarios = measure_robustness(QUICK.comparison, 25, [READER], None)
    outcomes = {scenario.title: scenario.outcomes[0] for scenario in scenarios}
    assert {title: (outcome.has_ended, outcome.lost) for title, outcome in outcomes.items()} == dict.fromkeys(
        outcomes, (True, 0)
    )
    assert outcomes["Killed in the middle"].runs == 2
    assert outcomes["Killed in the middle"].requests > QUICK.comparison.killed.leads / 100
    assert outcomes["A page that breaks off"].runs == 1


def test_comparison_measures_what_becomes_of_records() -> None:
    """Our target sends each valid record; with `reject`, none twice, and none that was in flight at the kill."""
    senders = [sender for sender in SENDERS if sender.is_ours]
    [_, at_most_once] = senders
    setup = SendSetup(database_url=None, environment=None)
    assert [speed.posts_per_second for speed in measure_sending(10, 25, [at_most_once], setup)] != [None]
    again, killed, *others = measure_send_robustness(QUICK.comparison, senders, setup)
    assert [outcome.surplus for outcome in again.outcomes] == [0, 0]
    assert [outcome.statuses[0] for outcome in killed.outcomes] == [-9, -9]
    assert killed.outcomes[0].created == killed.valid
    assert killed.valid - IN_FLIGHT <= killed.outcomes[1].created <= killed.valid
    for scenario in (again, *others):
        assert [outcome.created for outcome in scenario.outcomes] == [scenario.valid] * 2
    for scenario in (again, killed, *others):
        assert [outcome.refused for outcome in scenario.outcomes] == [0, 0]
        assert scenario.outcomes[1].surplus == 0


def test_benchmark_measures_the_receiver(tmp_path: Path) -> None:
    """The report has a burst of calls and an idle receiver; a quick run leaves out what takes Meltano."""
    text = bench(tmp_path / "performance.md", "webhooks")
    assert "50 calls in a second, during a run" in text.partition("\n## Webhooks\n\n")[2]
    assert "CPU of an idle receiver" in text


def test_benchmark_runs_processes_that_share_a_limit(tmp_path: Path) -> None:
    """One, two and four processes, and two beside others that are killed, all bring every lead."""
    text = bench(tmp_path / "performance.md", "shared limit")
    table = text.partition("## Several processes that share the limit")[2]
    rows = [line.split()[1:4:2] for line in table.splitlines() if line.startswith("|  ")]
    assert rows == [["1", "0"], ["2", "0"], ["4", "0"], ["2", "4"]]
