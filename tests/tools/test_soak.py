"""The soak can fail, and its seed repeats it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from soak.kinds import SCENARIOS
from soak.promises import odd_bookmarks
from soak.rounds import RoundId
from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: A soak whose reader loses the first lead of each run.
LOSSY = """if True:
    import sys
    from soak.__main__ import main
    from soak.scenarios import dialects

    class Lossy(dialects.TapRunner):
        def __call__(self, **config):
            run = super().__call__(**config)
            run.messages.remove(next(each for each in run.messages if each["type"] == "RECORD"))
            return run

    dialects.TapRunner = Lossy
    sys.exit(main(sys.argv[1:]))
"""


def soak(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *arguments, "--seed", "5", "--only", "dialects", "--round", "0", "--lanes", "1"]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120)


def test_broken_promise_ends_with_1_and_names_its_seed(tmp_path: Path) -> None:
    """If a reader loses leads, the soak ends with 1, and names the promise and the options that repeat the round."""
    ended = soak("-c", LOSSY, "--report", tmp_path / "report.json")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert report["figures"]["dialects"]["leads lost"] > 0
    for promise in (ended.stdout.splitlines()[-1], report["broken"][0]):
        assert "no lead is lost" in promise
        assert "[--seed 5 --only dialects --round 0]" in promise


def test_kept_promises_end_with_0(tmp_path: Path) -> None:
    """The same round with the tap as it is ends with 0, and the report has its figures."""
    ended = soak("-m", "soak", "--report", tmp_path / "report.json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    report: dict[str, Any] = json.loads((tmp_path / "report.json").read_text())
    assert report["rounds"] == {"dialects": 1}
    assert report["figures"]["dialects"]["leads read"] > 0
    assert report["broken"] == []


@pytest.mark.parametrize("kind", SCENARIOS)
def test_same_seed_makes_the_same_choices(kind: str) -> None:
    """A round's choices depend on the seed, the kind and its number, and on nothing else."""

    def choices(seed: int) -> list[Any]:
        return [SCENARIOS[kind].choose(RoundId(seed, kind, number).rng) for number in range(5)]

    assert choices(1) == choices(1)
    assert choices(1) != choices(2)
    assert choices(1)[0] != choices(1)[1]


def states(*bookmarks: dict[str, str]) -> Iterator[dict[str, Any]]:
    for each in bookmarks:
        partitions = [
            {"context": {"account": account}, "replication_key_value": bookmark} for account, bookmark in each.items()
        ]
        yield {"bookmarks": {"leads": {"partitions": partitions}}}


def test_bookmark_that_goes_back_is_noticed() -> None:
    """Each account's bookmark is compared with its own last one; what is not an instant is odd, too."""
    day = [f"2026-11-2{number}T08:00:00Z" for number in range(4)]
    good = [*states({"A": day[2], "B": day[0]}, {"B": day[1]}, {"A": day[2], "B": day[1]}, {"A": day[3]})]
    assert odd_bookmarks(good) == []
    assert len(odd_bookmarks([*good, *states({"B": day[0]})])) == 1
    assert len(odd_bookmarks([*good, *states({"A": "tomorrow"})])) == 1
