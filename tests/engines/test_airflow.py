"""`examples/airflow` in real Airflow, with `airflow dags test`."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.engines.project import BOUNDS, Project, assert_backfilled, engine
from tests.pages import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

    from seeker_leads_sandbox import Sandbox
    from tests.user_programs import Ended


_TASKS = """
    SELECT task_id, map_index, state FROM task_instance
    WHERE dag_id = ?
    AND run_id = (SELECT run_id FROM dag_run WHERE dag_id = task_instance.dag_id ORDER BY id DESC LIMIT 1)
    ORDER BY task_id, map_index
"""


def variables(home: Path) -> dict[str, str]:
    """Return Airflow's environment: its own home, and the example's folder of DAGs."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "examples" / "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


@dataclass(frozen=True)
class Airflow:
    """Airflow with the example's DAGs."""

    project: Project
    home: Path

    def test(self, dag: str, *arguments: str, **more: str) -> Ended:
        """Run a DAG with `airflow dags test`."""
        program = engine("airflow") / "airflow"
        return self.project.run(program, "dags", "test", dag, *arguments, **variables(self.home), **more)

    def tasks(self, dag: str) -> list[tuple[str, int, str]]:
        """Return the tasks of the DAG's last run: their names, positions in a mapping, and states."""
        with contextlib.closing(sqlite3.connect(self.home / "airflow.db")) as connection:
            rows: list[tuple[str, int, str]] = connection.execute(_TASKS, (dag,)).fetchall()
        return rows


@pytest.fixture(scope="module")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Airflow's home with an empty database."""
    home = tmp_path_factory.mktemp("airflow")
    command = [str(engine("airflow") / "airflow"), "db", "migrate"]
    subprocess.run(command, env={**os.environ, **variables(home)}, stdout=subprocess.DEVNULL, check=True)
    return home


@pytest.fixture
def airflow(project: Project, airflow_home: Path) -> Airflow:
    return Airflow(project, airflow_home)


def test_backfill_in_four_shards(airflow: Airflow, database: psycopg.Connection, account: Sandbox) -> None:
    """The live DAG and a mapped backfill of four shards read every lead and store every state."""
    live = airflow.test("leads_in")
    assert live.status == 0, live.stdout
    assert airflow.tasks("leads_in") == [("run", -1, "success")]
    backfill = airflow.test("leads_backfill", "--conf", json.dumps({"bounds": BOUNDS}))
    assert backfill.status == 0, backfill.stdout
    assert airflow.tasks("leads_backfill") == [
        *(("shard", index, "success") for index in range(4)),
        ("shards", -1, "success"),
    ]
    assert_backfilled(airflow.project, database, account)


@pytest.mark.usefixtures("another_run", "database")
def test_refused_run_is_a_skip(airflow: Airflow) -> None:
    """A task whose run Meltano refuses is skipped."""
    ended = airflow.test("leads_in")
    assert "pipeline is already running" in ended.stdout
    assert airflow.tasks("leads_in") == [("run", -1, "skipped")]


@pytest.mark.usefixtures("database")
def test_failed_run_is_a_failure(airflow: Airflow) -> None:
    """If the tap fails, the task fails."""
    airflow.test("leads_in", TAP_SEEKER_LEADS_AUTH_TOKEN="wrong")
    assert airflow.tasks("leads_in") == [("run", -1, "failed")]
