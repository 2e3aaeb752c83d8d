"""How mutants are run and judged, on a module with two rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mutants.running import Outcome
from mutants.survivors import PROJECT, Module

FOLDER = Path("tests/mutants/subject")
SUBJECT = Module("seats", str(FOLDER / "seats.py"), (str(FOLDER / "all_rules.py"),), {})
AT_THE_MOST = {"in": "is_free", "was": "return taken < most", "becomes": "return taken <= most", "reason": "It fits."}


def judged(*sources: str, jobs: int = 1) -> list[Outcome]:
    """Return the outcome of each source, from a process of its own: pytest cannot be forked while it runs."""
    program = (
        "import json, sys; from mutants.running import judge; from mutants.survivors import Module;"
        " sources, jobs, module = json.load(sys.stdin);"
        " found = judge(Module(*module, {}), sources, cpu_seconds=5, jobs=jobs);"
        " print(json.dumps([outcome.value for _, outcome in sorted(found)]))"
    )
    given = json.dumps([sources, jobs, [SUBJECT.name, SUBJECT.path, SUBJECT.tests]])
    outcomes = subprocess.check_output([sys.executable, "-c", program], input=given, text=True, cwd=PROJECT)
    return [Outcome(value) for value in json.loads(outcomes)]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<", "<="),
        ("return", "while True: taken +="),
        ("return", "return [0] * (4 << 30) if taken else"),
        ("def is_free", "def is_taken"),
        ("return", "import os; os._exit(7)\n    return"),
    ],
    ids=["breaks a rule", "never ends", "fills the memory", "cannot be imported", "exits"],
)
def test_mutant_is_killed_unless_all_tests_pass_in_time(was: str, becomes: str) -> None:
    """A mutant is killed by a test that fails, and by its limits of time and memory."""
    assert judged(SUBJECT.source().replace(was, becomes, 1)) == [Outcome.KILLED]


def test_outcomes_keep_their_order() -> None:
    """Of mutants that run at once, each outcome belongs to its source; a source without a change survives."""
    good, bad = SUBJECT.source(), SUBJECT.source().replace("<", ">")
    survived, killed = Outcome.SURVIVED, Outcome.KILLED
    assert judged(good, bad, good, bad, good, jobs=3) == [survived, killed, survived, killed, survived]


def run(folder: Path, tests: str, no_difference: list[dict[str, str]]) -> tuple[int, str]:
    """Run the program with a folder of modules that lists only the subject; return its status and output."""
    entry = {"module": SUBJECT.path, "tests": [str(FOLDER / tests)], "no_difference": no_difference}
    (folder / "seats.yaml").write_text(yaml.safe_dump(entry))
    program = (
        f"import pathlib, sys; from mutants import survivors; survivors.FOLDER = pathlib.Path({str(folder)!r});"
        " from mutants import __main__ as it; sys.exit(it.main())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=PROJECT)
    return done.returncode, done.stdout + done.stderr


def test_program_succeeds_if_all_mutants_are_killed(tmp_path: Path) -> None:
    """With a test for each rule, the program ends with 0 and a table."""
    status, output = run(tmp_path, "all_rules.py", [])
    assert "| `tests/mutants/subject/seats.py` | 4 | 4 | 0 | 0 | 100.0 % |" in output
    assert status == 0


def test_program_names_a_survivor(tmp_path: Path) -> None:
    """Without a test of a rule, the program ends with 1 and prints the mutant as an entry for the list."""
    status, output = run(tmp_path, "lax_rules.py", [])
    assert "becomes: return taken <= most" in output
    assert status == 1


def test_listed_survivor_still_counts_in_the_score(tmp_path: Path) -> None:
    """A mutant that is listed as no different is no failure, but the score of at least 90 % is of all mutants."""
    status, output = run(tmp_path, "lax_rules.py", [AT_THE_MOST])
    assert "survived:" not in output
    assert "| 4 | 3 | 1 | 0 | 75.0 % |" in output
    assert status == 1


def test_stale_entry_is_an_error(tmp_path: Path) -> None:
    """An entry whose mutant is killed ends the program with 1."""
    status, output = run(tmp_path, "all_rules.py", [AT_THE_MOST])
    assert "# stale: seats" in output
    assert status == 1


def test_tests_that_fail_without_a_mutant_are_named(tmp_path: Path) -> None:
    """If the tests fail anyway, no mutant is run: each would look killed."""
    status, output = run(tmp_path, "broken_rules.py", [])
    assert "The tests of seats fail without a mutant: run `pytest tests/mutants/subject/broken_rules.py`" in output
    assert status == 1
