"""Meltano's state in PostgreSQL and in S3, and two system databases at the same time."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import TYPE_CHECKING

import psutil
import pytest

from seeker_leads_sandbox.faults.faults import Fault, FaultKind
from tests.engines.project import (
    BOUNDS,
    LIVE_STATE_ID,
    PIPELINE,
    Project,
    bookmark_of,
    end_with_children,
    engine,
    epoch_of,
    new_database,
)
from tests.user_programs import BIN, wait_for_requests

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    import psycopg

    from seeker_leads_sandbox import Sandbox


def assert_every_live_lead(database: psycopg.Connection, account: Sandbox) -> None:
    rows = sorted(row[0] for row in database.execute('SELECT "leadId" FROM seeker_leads_local.leads'))
    begin = epoch_of(BOUNDS[-1])
    metadata = [lead["metadata"] for lead in account.store.all()]
    live = sorted(each["leadId"] for each in metadata if each["ingestionDate"] >= begin)
    assert rows == live
    assert len(live) > 20


def test_state_in_postgresql(project: Project, database: psycopg.Connection, account: Sandbox) -> None:
    """If PostgreSQL is the system database, it stores the state, and the next run reads only new leads."""
    for _ in range(2):
        account.statistics.reset()
        ended = project.run(BIN / "meltano", "run", *PIPELINE)
        assert ended.status == 0, ended.stdout
        assert_every_live_lead(database, account)
        assert set(project.states()) == {LIVE_STATE_ID}
        account.add_leads(3)
    assert account.statistics.requests <= 2


@pytest.fixture
def bucket(tmp_path: Path, project: Project) -> Iterator[str]:
    """The URL of an empty bucket in a server with the S3 API."""
    with (tmp_path / "moto.log").open("w") as output:
        server = project.start(engine("s3") / "moto_server", "-H", "127.0.0.1", "-p", "0", output=output)
    try:
        url = None
        while url is None:
            assert server.poll() is None, (tmp_path / "moto.log").read_text()
            url = re.search(r"http://[\d.:]+", (tmp_path / "moto.log").read_text())
        with urllib.request.urlopen(urllib.request.Request(f"{url[0]}/leads", method="PUT")):
            yield f"{url[0]}/leads"
    finally:
        end_with_children(server)


def test_two_system_databases_with_state_in_s3(
    project: Project, bucket: str, database: psycopg.Connection, account: Sandbox, database_url: str
) -> None:
    """Two system databases share a state in S3: Meltano refuses neither of two runs, and no lead is lost.

    The later STATE wins, be it the earlier instant: then the next run reads that time again.
    """
    backend = {
        "MELTANO_STATE_BACKEND_URI": "s3://leads/state",
        "MELTANO_STATE_BACKEND_S3_AWS_ACCESS_KEY_ID": "test",
        "MELTANO_STATE_BACKEND_S3_AWS_SECRET_ACCESS_KEY": "test",
        "MELTANO_STATE_BACKEND_S3_ENDPOINT_URL": bucket.rpartition("/")[0],
    }
    other = {**backend, "MELTANO_DATABASE_URI": new_database(database_url, "meltano_other")}
    command = (engine("s3") / "meltano", "el", *PIPELINE, "--state-id=live")

    def bookmark() -> str:
        with urllib.request.urlopen(f"{bucket}/state/live/state.json") as answer:
            return bookmark_of(json.dumps(json.load(answer)["completed"]))

    def run(variables: dict[str, str]) -> str:
        """Run the pipeline, and return its new bookmark."""
        ended = project.run(*command, **variables)
        assert ended.status == 0, ended.stdout
        return bookmark()

    run(backend)
    account.script(Fault(FaultKind.TIMEOUT, times=1))
    account.statistics.reset()
    with project.start(*command, TAP_SEEKER_LEADS_REQUEST_TIMEOUT_SECONDS="5", **backend) as slow:
        assert wait_for_requests(account, 1)
        tap = tap_of(slow)
        tap.suspend()
        account.add_leads(5)
        newest = run(other)
        tap.resume()
        output, _ = slow.communicate(timeout=120)
    assert slow.returncode == 0, output
    assert_every_live_lead(database, account)
    assert bookmark() < newest
    account.add_leads(5)
    assert run(other) > newest
    assert_every_live_lead(database, account)


def tap_of(meltano: subprocess.Popen[str]) -> psutil.Process:
    """Return the tap that this Meltano runs."""
    children = psutil.Process(meltano.pid).children(recursive=True)
    return next(child for child in children if "tap-seeker-leads" in " ".join(child.cmdline()))
