"""The commands and the SQL of `docs/privacy.md`, on a PostgreSQL and in DuckDB."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from tests.acceptance.test_docs import assert_shows, run
from tests.leads_table import NAME, LeadsTable
from tests.pages import PROJECT, blocks_of
from tests.user_shells import shell

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

PAGE = "docs/privacy.md"
#: As target-duckdb makes them.
DUCKDB_COLUMNS = (
    "calldetails JSON, contactrequest JSON, distributiontype JSON, extra JSON, ingestiondate TIMESTAMP,"
    " iserased BOOLEAN, leadcategory VARCHAR, leadid VARCHAR PRIMARY KEY, portal VARCHAR, project JSON, property JSON,"
    " seekerintention VARCHAR, ttl TIMESTAMP"
)


@pytest.fixture
def leads(database: psycopg.Connection[Any], database_url: str) -> LeadsTable:
    table = LeadsTable(database, database_url)
    table.fill()
    return table


def in_this_schema(text: str) -> str:
    return text.replace("seeker_leads.", "retention.")


def test_commands_of_the_page_work(leads: LeadsTable, tmp_path: Path) -> None:
    """In the page's order, they print what it shows; its SQL finds the evidence."""
    output = None
    for block in blocks_of(PAGE):
        if block.marker == "run: retention" and block.language == "sh":
            text = block.text.replace("postgresql://user:password@host/database", f"'{leads.url}'")
            output = run(block, in_this_schema(text), tmp_path, shell(tmp_path))
        elif block.marker == "run: retention":
            assert len(leads.database.execute(in_this_schema(block.text).encode()).fetchall()) == 2
        elif block.marker == "shows" and output is not None:
            assert_shows(block, output.replace("retention.", "seeker_leads."))
            output = None
        elif block.marker.startswith("run"):
            output = None
    assert leads.log == {"over": "ttl", "gone": "erased"}


def test_report_has_the_shape_of_the_page(leads: LeadsTable) -> None:
    """Key by key."""
    (written,) = (json.loads(block.text) for block in blocks_of(PAGE) if block.language == "json")
    leads.apply()
    said = json.loads(leads.run("report", "--json").stdout)
    assert list(written) == list(said)
    assert {name: list(proof) for name, proof in written["evidence"].items()} == {
        name: list(proof) for name, proof in said["evidence"].items()
    }


def test_sql_for_duckdb_deletes_and_erases() -> None:
    """It does in DuckDB what `apply` does in PostgreSQL; a second time, and after a restored backup, too."""
    statements = (PROJECT / "examples" / "retention_duckdb.sql").read_text("utf-8")
    with duckdb.connect() as database:
        database.execute(f"CREATE SCHEMA seeker_leads; CREATE TABLE seeker_leads.leads ({DUCKDB_COLUMNS})")

        def add(lead_id: str, ttl: str, *, is_erased: bool) -> None:
            contact = json.dumps({"lastName": NAME, "phoneNumbers": []})
            call = json.dumps({"seekerPhoneNumber": "+33 6 39 98 00 02", "duration": 12})
            database.execute(
                "INSERT INTO seeker_leads.leads (leadid, ttl, iserased, contactrequest, calldetails, extra)"
                f" SELECT ?, now() AT TIME ZONE 'utc' {ttl}, ?, ?, ?, '{{}}'",  # ours
                [lead_id, is_erased, contact, call],
            )

        add("stays", "+ INTERVAL 1 MINUTE", is_erased=False)
        add("over", "- INTERVAL 1 MINUTE", is_erased=True)
        add("gone", "+ INTERVAL 1 DAY", is_erased=True)
        for _ in range(2):
            database.execute(statements)
            rows = {
                row[0]: row[1:]
                for row in database.execute(
                    "SELECT leadid, contactrequest, calldetails, extra, iserased FROM seeker_leads.leads"
                ).fetchall()
            }
            assert rows.keys() == {"stays", "gone"}
            assert rows["gone"] == (None, '{"duration":12}', None, True)
            assert NAME in rows["stays"][0]
            evidence = "SELECT lead_id, reason FROM seeker_leads.seeker_leads_erasure_log ORDER BY 1"
            assert database.execute(evidence).fetchall() == [("gone", "erased"), ("over", "ttl")]
            database.execute("DELETE FROM seeker_leads.leads WHERE leadid = 'gone'")
            add("gone", "+ INTERVAL 1 DAY", is_erased=False)
