"""The harness of `make kills`: it passes as long as the promises hold, and shows what breaks one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.pages import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

#: The tap continues from a bookmark that is past every lead; the target's ledger is gone before each run.
PLANTED = """
import json, sys
from soak.kills.__main__ import main
from soak.kills.tap import Tap
from soak.kills.target import TargetWithSqlite
from tests.killed_runs import days_ago

class Losing(Tap):
    def look(self):
        super().look()
        entry = {"replication_key": "ingestionDate", "replication_key_value": days_ago(0)}
        self._state.write_text(json.dumps({"bookmarks": {"leads": entry}}))

class Doubling(TargetWithSqlite):
    def prepare(self):
        self._passed = 0
        super().prepare()
        self._ledger_file.unlink(missing_ok=True)

sys.exit(main(["--each", "4", "--seed", "7"], {"losing": Losing, "doubling": Doubling}))
"""


def harness(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=240
    )


def test_a_few_kills_pass(tmp_path: Path) -> None:
    """Kills of real programs are counted by the moment that they hit; nothing is lost or doubled without a reason."""
    subjects = ("--only", "tap", "--only", "target-postgresql", "--only", "retention-apply")
    ended = harness("-m", "soak.kills", "--each", "4", "--seed", "7", *subjects, "--report", str(tmp_path / "report"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report = json.loads((tmp_path / "report").read_text())
    assert report["seed"] == 7
    assert [*report["subjects"]] == ["tap", "target (PostgreSQL)", "retention apply"]
    for figures in report["subjects"].values():
        hit = [figures[moment] for moment in ("before the first request", "in the middle", "at the end")]
        assert figures["kills"] == sum(hit) >= 4
        assert (figures["lost"], figures["duplicated otherwise"], figures["broken"]) == (0, 0, [])
    assert re.search(r"^\| all \| \d+ \|", ended.stdout, flags=re.MULTILINE)


def test_what_is_planted_is_found() -> None:
    """Leads that are lost, or sent again though they were not in flight, end the harness with 1: it names each try."""
    ended = harness("-c", PLANTED)
    for folder in re.findall(r"files: (\S+);", ended.stdout):
        shutil.rmtree(folder)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    for words in (
        r"BROKEN: tap, seed 7, try \d+\n  \S+: (?:a bookmark passed it|it was never written)",
        r"again: make kills KILLS='--only losing --seed 7 --try \d+'\n",
        r"BROKEN: target \(SQLite\), seed 7, try \d+\n  lead \d+: it was created \d times, at most \d are allowed\n",
    ):
        assert re.search(words, ended.stdout), ended.stdout
