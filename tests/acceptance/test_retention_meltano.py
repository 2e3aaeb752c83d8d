"""The promise as a whole: what people have erased is gone from PostgreSQL within a cycle, with evidence."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.killed_runs import days_ago
from tests.leads_table import FLAT_COLUMNS, JSON_COLUMNS, OTHER_COLUMNS
from tests.pages import PROJECT
from tests.user_programs import BIN, wait_for_requests
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

LEADS, DAYS, ERASED, KILLS = 2000, 1080, 40, 4
STATE_ID = "local:tap-seeker-leads-to-target-postgres"
PIPELINE = ("tap-seeker-leads", "target-postgres", "seeker-leads:retention")
#: On which days of the cycle the pipeline runs: as irregularly as a machine that is often off.
RUNS_ON_DAYS = (11, 30)
TABLE, LOG = "seeker_leads_local.leads", "seeker_leads_local.seeker_leads_erasure_log"


class Pipelines:
    """Runs the pipeline with a state of the test's own; days pass in the state, since no tap has a clock to set."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment

    def start(self) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen(
                [BIN / "meltano", "run", "--force", *PIPELINE],
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=self._environment,
                start_new_session=True,
            )

    def run(self) -> None:
        with self.start() as pipeline:
            assert pipeline.wait(300) == 0, self._log

    def kill_while_it_reads(self, sandbox: Sandbox, *, requests: int) -> None:
        """Kill all that it consists of once it has made so many requests."""
        sandbox.statistics.reset()
        self._kill_when(lambda _: wait_for_requests(sandbox, requests, timeout_seconds=0.1))

    def kill_at_retention(self) -> None:
        """Kill it once the loader has ended, and the state is kept."""
        self._kill_when(is_at_retention)

    def _kill_when(self, is_time: Callable[[psutil.Process], bool]) -> None:
        with self.start() as pipeline:
            parent = psutil.Process(pipeline.pid)
            while not is_time(parent):
                assert pipeline.poll() is None, f"it ended before it could be killed\n{self._log}"
            family = [parent, *parent.children(recursive=True)]
            os.killpg(pipeline.pid, signal.SIGKILL)
            _, alive = psutil.wait_procs(family, timeout=10)
            assert alive == []

    @property
    def _log(self) -> str:
        return (self._folder / "log").read_text()[-3000:]

    @property
    def state(self) -> dict[str, Any]:
        with closing(sqlite3.connect(self._folder / "meltano.db")) as database:
            ((text,),) = database.execute("SELECT completed_state FROM state WHERE state_id = ?", [STATE_ID])
        state: dict[str, Any] = json.loads(text)
        return state

    def let_days_pass(self, days: int) -> None:
        """Have the cycle begin so many days earlier, by `meltano state set`: what is due is decided by that alone."""
        state = self.state
        refresh = state["singer_state"]["bookmarks"]["leads"]["refresh"]
        for name in ("cycle_started_at", "verified_since"):
            earlier = datetime.strptime(refresh[name], "%Y-%m-%dT%H:%M:%SZ") - timedelta(days=days)  # noqa: DTZ007
            refresh[name] = f"{earlier:%Y-%m-%dT%H:%M:%SZ}"
        command = [str(BIN / "meltano"), "state", "set", "--force", STATE_ID, json.dumps(state)]
        subprocess.run(command, check=True, cwd=PROJECT, env=self._environment, capture_output=True, timeout=60)


def rows_of(database: psycopg.Connection[Any]) -> dict[str, dict[str, Any]]:
    """Return every row without what the loader says of its own work."""
    rows = [row for (row,) in database.execute(f"SELECT to_jsonb(t) FROM {TABLE} t".encode())]  # noqa: S608  # ours
    return {row["leadId"]: {name: value for name, value in row.items() if not name.startswith("_sdc")} for row in rows}


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("meltano_plugins")
def test_erased_people_are_gone_within_a_cycle(
    tmp_path: Path, database: psycopg.Connection[Any], database_url: str
) -> None:
    """Three years of leads, forty erased, runs on two days of thirty, and four others that are killed.

    Two of those are killed while they read, two at the retention. Then the forty rows hold nothing of a person, say
    so, and have a line of evidence; no other row is another one.
    """
    seed = random.randrange(1 << 32)  # noqa: S311  # no secret
    print(f"seed {seed}")  # noqa: T201  # shown when it fails, to play it again
    rng = random.Random(seed)  # noqa: S311  # as above
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, seed=seed, latency_ms=20)) as sandbox:
        environment = shell_in_project(
            tmp_path,
            sandbox.api_url,
            TAP_SEEKER_LEADS_START_DATE=days_ago(DAYS + 1),
            TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
        )
        pipelines = Pipelines(tmp_path, environment)
        pipelines.run()
        before = rows_of(database)
        assert len(before) == LEADS
        known = evidence(database)
        erased = sandbox.erase(ERASED)
        assert len(erased) == ERASED
        day = 0
        for runs_on_day in RUNS_ON_DAYS:
            pipelines.let_days_pass(runs_on_day - day)
            day = runs_on_day
            for _ in range(KILLS // len(RUNS_ON_DAYS) - 1):
                pipelines.kill_while_it_reads(sandbox, requests=rng.randint(1, 15))
            pipelines.kill_at_retention()
            pipelines.run()
    after = rows_of(database)
    for lead_id in erased:
        row = after[lead_id]
        assert row["isErased"]
        assert (row["contactRequest"], row["extra"]) == (None, None)
        assert not (row["callDetails"] or {}).get("seekerPhoneNumber")
    assert {lead_id for lead_id in after if after[lead_id] != before[lead_id]} == set(erased)
    assert after.keys() == before.keys()
    assert evidence(database) == known | set(erased)


@pytest.mark.usefixtures("meltano_plugins")
@pytest.mark.parametrize("flattens", [None, "tap", "loader"])
def test_tables_of_the_real_loader_are_understood(
    flattens: str | None, account: Sandbox, database: psycopg.Connection[Any], database_url: str, tmp_path: Path
) -> None:
    """JSON columns, and flattened ones by tap or loader: the columns are those of the tests' own tables, and erased."""
    flattening = {"flattening_enabled": True, "flattening_max_depth": 1}
    configs = {
        "tap": {"api_url": account.api_url, "auth_token": "sandbox-token"},
        "loader": {"sqlalchemy_url": database_url, "default_target_schema": "seeker_leads_local"},
    }
    for name, config in configs.items():
        (tmp_path / name).write_text(json.dumps({**config, **(flattening if name == flattens else {})}))
    erased = account.erase(5)
    loader = PROJECT / ".meltano" / "loaders" / "target-postgres" / "venv" / "bin" / "target-postgres"
    read = subprocess.run([BIN / "tap-seeker-leads", "--config", tmp_path / "tap"], capture_output=True, check=True)
    subprocess.run([loader, "--config", tmp_path / "loader"], input=read.stdout, capture_output=True, check=True)
    made = database.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'seeker_leads_local'"
    )
    kinds = {name: kind.removesuffix(" without time zone") for name, kind in made}
    assert {**OTHER_COLUMNS, **(FLAT_COLUMNS if flattens else JSON_COLUMNS)}.items() <= kinds.items()
    ended = subprocess.run(
        [BIN / "seeker-leads", "retention", "apply", "--json", "--database-url", database_url, "--table", TABLE],
        capture_output=True,
        check=True,
        text=True,
    )
    assert "left as they are" not in ended.stderr
    assert json.loads(ended.stdout)["erased"] >= len(erased)
    rows = rows_of(database)
    assert set(erased) <= evidence(database)
    for lead_id in erased:
        contact = [value for name, value in rows[lead_id].items() if name.startswith("contactRequest")]
        assert contact
        assert not any(contact)


def is_at_retention(parent: psutil.Process) -> bool:
    """Return whether the loader has ended, and `seeker-leads retention` goes on."""
    with contextlib.suppress(psutil.Error):  # one that has ended meanwhile
        return any("retention" in child.cmdline() for child in parent.children(recursive=True))
    return False


def evidence(database: psycopg.Connection[Any]) -> set[str]:
    """Return the erased leads of the evidence, each of which has one line."""
    lead_ids = [row[0] for row in database.execute(f"SELECT lead_id FROM {LOG} WHERE reason = 'erased'".encode())]  # noqa: S608
    assert len(lead_ids) == len(set(lead_ids))
    return set(lead_ids)
