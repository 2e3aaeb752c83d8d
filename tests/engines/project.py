"""This repository's Meltano project as an engine sees it, and what tests expect in it."""

from __future__ import annotations

import calendar
import contextlib
import json
import subprocess
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import psutil
import psycopg
from sqlalchemy import make_url

from tests.pages import PROJECT
from tests.user_programs import Ended

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import LiteralString

    from seeker_leads_sandbox import Sandbox

HOUR_SECONDS, DAY_SECONDS = 3600, 86400
PIPELINE = ("tap-seeker-leads", "target-postgres")
LIVE_STATE_ID = "local:tap-seeker-leads-to-target-postgres"


def quarters_before(epoch: float, count: int) -> list[str]:
    """Return the first days of the last complete quarters, oldest first, and the day on which they end."""
    now = time.gmtime(epoch)
    index = now.tm_year * 4 + (now.tm_mon - 1) // 3
    return [f"{each // 4}-{each % 4 * 3 + 1:02}-01" for each in range(index - count, index + 1)]


#: Starts and ends of the four shards.
BOUNDS = quarters_before(time.time(), 4)


def epoch_of(day: str) -> int:
    return calendar.timegm(time.strptime(day, "%Y-%m-%d"))


@dataclass(frozen=True)
class Project:
    """This repository's Meltano project as an engine sees it: its variables, and a system database in PostgreSQL."""

    variables: dict[str, str]

    def start(self, *command: str | Path, output: Any = subprocess.PIPE, **more: str) -> subprocess.Popen[str]:
        """Start a program in the project; `output` receives both of its streams."""
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=PROJECT,
            env={**self.variables, **more},
        )

    def run(self, *command: str | Path, **more: str) -> Ended:
        """Run a program until it ends; `stdout` contains the output of both streams."""
        with self.start(*command, **more) as process:
            try:
                output, _ = process.communicate()
            except BaseException:  # the test's time is over
                end_with_children(process)
                raise
        return Ended(process.returncode, output, "")

    def states(self) -> dict[str, str]:
        """Return the bookmark of each state in the system database."""
        rows = self._ask("SELECT state_id, completed_state FROM state")
        return {state_id: bookmark_of(state) for state_id, state in rows}

    def runs(self) -> list[str]:
        """Return the results of Meltano's runs in the system database; RUNNING for a run that has not ended."""
        return [state for (state,) in self._ask("SELECT state FROM runs")]

    def _ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        url = make_url(self.variables["MELTANO_DATABASE_URI"]).set(drivername="postgresql")
        with psycopg.connect(url.render_as_string(hide_password=False)) as connection:
            return connection.execute(query).fetchall()


def bookmark_of(state: str) -> str:
    """Return the instant up to which leads are read, from a state in Meltano's format."""
    bookmark: str = json.loads(state)["singer_state"]["bookmarks"]["leads"]["replication_key_value"]
    return bookmark


def new_database(url: str, name: str) -> str:
    """Return the URL of a new database on the same server, in the form that Meltano needs for psycopg 3."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    new = make_url(url).set(drivername="postgresql+psycopg", database=name)
    return new.render_as_string(hide_password=False)


def engine(name: str) -> Path:
    """Return the folder of an engine's programs."""
    folder = PROJECT / ".engines" / name
    assert (folder / ".installed").exists(), f"{name} is missing: run `make test-engines`"
    return folder / "bin"


def end_with_children(process: subprocess.Popen[Any]) -> None:
    """Stop a program, then all processes that it has left behind."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        process.wait(60)
        _, alive = psutil.wait_procs(children, timeout=1)
        for child in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(alive, timeout=10)


def assert_backfilled(project: Project, database: psycopg.Connection, account: Sandbox) -> None:
    """Every lead is one row, and the state of each shard is at the shard's `end_date`."""
    rows = [row[0] for row in database.execute('SELECT "leadId" FROM seeker_leads_local.leads')]
    assert sorted(rows) == sorted(account.store.ids())
    shards = {f"local-backfill-{start}": f"{end}T00:00:00Z" for start, end in pairwise(BOUNDS)}
    states = project.states()
    assert {state_id: at for state_id, at in states.items() if state_id != LIVE_STATE_ID} == shards
