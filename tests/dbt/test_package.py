"""The dbt package, with real dbt on PostgreSQL: `make test-dbt` runs it in a separate environment."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import yaml

from tests.leads_table import NAME, SCHEMA, LeadsTable
from tests.pages import PROJECT, blocks_of
from tests.user_programs import Ended, run_to_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DBT = os.environ.get("SEEKER_LEADS_DBT", "")
pytestmark = pytest.mark.skipif(not DBT, reason="`make test-dbt` runs it")
#: Columns of the staging model beyond those that retention needs.
MORE = {"leadCategory": "text", "seekerIntention": "text", "property": "jsonb"}


@pytest.fixture
def leads(database_url: str) -> Iterator[LeadsTable]:
    """Ten leads to keep, one past its `ttl`, one that is erased."""
    with psycopg.connect(database_url, autocommit=True) as database:
        table = LeadsTable(database, database_url)
        for name, kind in MORE.items():
            database.execute(f'ALTER TABLE retention.leads ADD "{name}" {kind}'.encode())
        table.fill()
        yield table
        database.execute("DROP SCHEMA IF EXISTS retention CASCADE")


@pytest.fixture
def dbt(database_url: str, tmp_path: Path) -> Callable[..., Ended]:
    """Run dbt in a new project that uses the package as the page says, without usage statistics."""
    project = tmp_path / "project"
    project.mkdir()
    url = urlsplit(database_url)
    output = {
        "type": "postgres",
        "host": parse_qs(url.query)["host"][0],
        "port": 5432,
        "user": url.username,
        "password": "",
        "dbname": url.path.strip("/"),
        "schema": "retention_models",
        "threads": 1,
    }
    profiles = {"tests": {"target": "tests", "outputs": {"tests": output}}}
    (packages,) = (block.text for block in blocks_of("docs/privacy.md") if block.text.startswith("packages:"))
    own = {
        "name": "a_project",
        "version": "1.0.0",
        "profile": "tests",
        "vars": {"seeker_leads_schema": SCHEMA},
        "flags": {"send_anonymous_usage_stats": False},
    }
    shutil.copytree(PROJECT / "dbt", tmp_path / "package")
    (project / "packages.yml").write_text(packages.replace("../singer-seeker-leads/dbt", str(tmp_path / "package")))
    (project / "profiles.yml").write_text(yaml.safe_dump(profiles))
    (project / "dbt_project.yml").write_text(yaml.safe_dump(own))
    environment = {**os.environ, "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}

    def run(*arguments: str, status: int = 0) -> Ended:
        options = ("--project-dir", project, "--profiles-dir", project)
        ended = run_to_end(DBT, "--no-version-check", *arguments, *options, cwd=project, env=environment)
        assert ended.status == status, ended.stdout + ended.stderr
        assert NAME not in ended.stdout
        return ended

    run("deps")
    return run


def test_package_does_what_the_law_asks(dbt: Callable[..., Any], leads: LeadsTable) -> None:
    """The macro deletes and erases the same rows as the command; a second run changes nothing."""
    before = leads.rows
    dbt("run-operation", "seeker_leads_retention")
    by_dbt = leads.rows
    assert NAME not in str(by_dbt["gone"])
    assert by_dbt["gone"]["callDetails"] == {"seekerPhoneNumber": None, "duration": 12}
    del before["over"]
    assert {lead_id: row for lead_id, row in by_dbt.items() if lead_id != "gone"} == {
        lead_id: row for lead_id, row in before.items() if lead_id != "gone"
    }
    result = leads.apply()
    assert (result["deleted_past_ttl"], result["erased"]) == (0, 0)
    assert leads.rows == by_dbt


def test_models_and_test_of_the_package(dbt: Callable[..., Any], leads: LeadsTable) -> None:
    """The view has the leads that may be kept; the test fails for a lead without `ttl`."""
    dbt("build")
    query = "SELECT lead_id, last_name, is_erased FROM retention_models.stg_seeker_leads"
    rows = {row[0]: row[1:] for row in leads.database.execute(query)}
    assert "over" not in rows
    assert rows["stays-1"] == (NAME, False)
    assert len(rows) == 11
    leads.add("without", days_left=None)
    ended = dbt("test", status=1)
    assert "not_null" in ended.stdout
    leads.database.execute("DROP SCHEMA retention_models CASCADE")


def test_flattened_columns_are_erased_too(dbt: Callable[..., Any], database_url: str) -> None:
    """The macro finds them by their names, as the command does: it leaves nothing for the command to erase."""
    with psycopg.connect(database_url, autocommit=True) as database:
        table = LeadsTable.flat(database, database_url)
        for name in ("extra__contactRequest__birthName", "call_details__new__seeker_phone_number"):
            database.execute(f"ALTER TABLE retention.leads ADD \"{name}\" text DEFAULT '{NAME}'".encode())
        table.add("stays")
        table.add("over", days_left=-1)
        table.add("gone", isErased=True)
        dbt("run-operation", "seeker_leads_retention")
        rows = table.rows
        assert rows.keys() == {"stays", "gone"}
        assert NAME in str(rows["stays"])
        assert NAME not in str(rows["gone"])
        assert "+33" not in str(rows["gone"])
        assert table.apply("--yes")["erased"] == 0
        database.execute("DROP SCHEMA retention CASCADE")
