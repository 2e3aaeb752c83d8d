"""`examples/dagster` in real Dagster: its daemon, its queue and its pools."""

from __future__ import annotations

import json
import shutil
import signal
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox.faults.faults import Fault, FaultKind
from tests.engines.project import BOUNDS, Project, assert_backfilled, end_with_children, engine
from tests.pages import PROJECT
from tests.user_programs import Ended, wait_for_requests

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    import psycopg

    from seeker_leads_sandbox import Sandbox

EXAMPLE = PROJECT / "examples" / "dagster"
DEFINITIONS = ("-f", str(EXAMPLE / "definitions.py"))


@dataclass(frozen=True)
class Dagster:
    """A Dagster instance, configured as the example says."""

    project: Project
    variables: dict[str, str]

    def __call__(self, *arguments: str, **more: str) -> Ended:
        return self.project.run(engine("dagster") / "dagster", *arguments, **self.variables, **more)

    def launch(self, job: str, *arguments: str) -> None:
        ended = self("job", *arguments, *DEFINITIONS, "-j", job)
        assert ended.status == 0, ended.stdout

    def start_daemon(self, output: IO[str]) -> subprocess.Popen[str]:
        program = engine("dagster") / "dagster-daemon"
        return self.project.start(program, "run", *DEFINITIONS, output=output, **self.variables)

    def settled(self) -> dict[str, Any]:
        """Wait until all runs have ended, and return the instance's records."""
        program = Path(__file__).with_name("dagster_instance.py")
        ended = self.project.run(engine("dagster") / "python", program, DEFINITIONS[1], **self.variables)
        assert ended.status == 0, ended.stdout
        report: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
        return report


@pytest.fixture
def dagster(project: Project, tmp_path: Path) -> Dagster:
    home = tmp_path / "dagster"
    home.mkdir()
    shutil.copy(EXAMPLE / "dagster.yaml", home)
    variables = {
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "LEADS_BACKFILL_START": BOUNDS[0],
        "LEADS_BACKFILL_END": BOUNDS[-1],
    }
    return Dagster(project, variables)


@pytest.fixture
def daemon(dagster: Dagster, tmp_path: Path) -> Iterator[None]:
    """Dagster's daemon, with the limits that the example's first lines set."""
    for pool in ("leads_live", "leads_backfill"):
        assert dagster("instance", "concurrency", "set", pool, "1").status == 0
    with (tmp_path / "daemon.log").open("w") as output:
        process = dagster.start_daemon(output)
        try:
            yield
        finally:
            end_with_children(process)


@pytest.mark.usefixtures("daemon")
def test_backfill_beside_live_runs(dagster: Dagster, database: psycopg.Connection, account: Sandbox) -> None:
    """Two live runs and a backfill of four partitions, all asked for at once, end with every lead and every state.

    The pools keep one live run and one shard at a time; and the schedule, on by itself, asks for a live run.
    """
    dagster.launch("leads_in", "execute")  # makes the table: two loaders that make the same one can fail
    dagster.launch("leads_in", "launch")
    dagster.launch("leads_in", "launch")
    dagster.launch("leads_backfill", "backfill", "--noprompt", "--all", "all")

    report = dagster.settled()
    runs = report["runs"]
    assert {run["status"] for run in runs} == {"SUCCESS"}, runs
    assert [run["job"] for run in runs].count("leads_backfill") == 4
    assert report["live"]
    assert report["quarters"] == BOUNDS[:-1]
    assert_backfilled(dagster.project, database, account)
    for job in ("leads_in", "leads_backfill"):
        times = sorted((run["start"], run["end"]) for run in runs if run["job"] == job)
        assert all(end <= start for (_, end), (start, _) in pairwise(times)), times
    assert report["schedule"] == {"job": "leads_in", "cron": "*/5 * * * *", "status": "RUNNING", "requests": 1}


@pytest.mark.usefixtures("another_run", "database")
def test_refused_run_is_a_skip(dagster: Dagster) -> None:
    """A run that Meltano refuses succeeds, says so, and materializes nothing."""
    ended = dagster("job", "execute", *DEFINITIONS, "-j", "leads_in")
    assert ended.status == 0, ended.stdout
    assert "Skipped: Meltano says that this pipeline is already running." in ended.stdout
    assert not dagster.settled()["live"]


@pytest.mark.usefixtures("database")
def test_cancelled_run_ends_in_order(dagster: Dagster, account: Sandbox) -> None:
    """A cancelled run stops Meltano cleanly, so that Meltano does not refuse the next run."""
    account.script(Fault(FaultKind.TIMEOUT, times=1))
    program = engine("dagster") / "dagster"
    command = ("job", "execute", *DEFINITIONS, "-j", "leads_in")
    with dagster.project.start(program, *command, **dagster.variables) as process:
        assert wait_for_requests(account, 1)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate()
    assert process.returncode != 0, output
    assert dagster.project.runs() == ["FAIL"]


@pytest.mark.usefixtures("database")
def test_failed_run_is_a_failure(dagster: Dagster) -> None:
    """If the tap fails, the run fails."""
    ended = dagster("job", "execute", *DEFINITIONS, "-j", "leads_in", TAP_SEEKER_LEADS_AUTH_TOKEN="wrong")
    assert ended.status == 1
    assert "Meltano ended with 1" in ended.stdout
    assert [run["status"] for run in dagster.settled()["runs"]] == ["FAILURE"]
