"""`seeker-leads retention report`: the figures for an auditor."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tests.leads_table import LeadsTable

if TYPE_CHECKING:
    import psycopg


@pytest.fixture
def leads(empty_database: psycopg.Connection[Any], database_url: str) -> LeadsTable:
    table = LeadsTable(empty_database, database_url)
    table.add(*(f"stays-{number}" for number in range(10)))
    return table


def report(leads: LeadsTable, *arguments: str) -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(leads.run("report", "--json", *arguments).stdout)
    return figures


def days_ago(instant: str) -> float:
    age = datetime.now(timezone.utc) - datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return age / timedelta(days=1)


def test_report_before_a_run_says_what_is_due(leads: LeadsTable) -> None:
    """Without evidence, it shows the oldest reading, rows to delete or erase, and rows not read in two cycles."""
    leads.add("over", days_left=-1, read_days_ago=500)
    leads.add("old", days_left=None, read_days_ago=70)
    leads.add("gone", isErased=True)
    leads.add("unknown", read_days_ago=None)
    figures = report(leads)
    counts = {
        "rows": 14,
        "rows_without_ttl": 1,
        "rows_past_ttl": 1,
        "rows_erased": 1,
        "rows_to_erase": 1,
        "rows_deleted_before": 0,
        "rows_not_read_in_two_cycles": 1,
        "rows_of_unknown_reading": 1,
        "refresh_days": 30,
    }
    assert {name: figures[name] for name in counts} == counts
    assert days_ago(figures["oldest_reading_at"]) == pytest.approx(70, abs=0.01)
    assert days_ago(figures["newest_reading_at"]) == pytest.approx(1, abs=0.01)
    assert {name: proof["leads"] for name, proof in figures["evidence"].items()} == {"ttl": 0, "gone": 0, "erased": 0}
    assert not leads.has_log


def test_report_says_how_soon_each_was_done(leads: LeadsTable) -> None:
    """The delay of a deletion counts from the `ttl`, that of an erasure from when the tap read it."""
    leads.add("over", days_left=-2)
    leads.add("a", isErased=True, read_days_ago=3)
    leads.add("b", isErased=True, read_days_ago=5)
    leads.add("c", isErased=True, read_days_ago=9)
    leads.apply()
    figures = report(leads)
    assert figures["rows_erased"] == 3
    assert (figures["rows_to_erase"], figures["rows_past_ttl"]) == (0, 0)
    erased, deleted = figures["evidence"]["erased"], figures["evidence"]["ttl"]
    assert (erased["leads"], deleted["leads"]) == (3, 1)
    assert erased["median_delay_seconds"] == pytest.approx(5 * 86_400, abs=60)
    assert erased["longest_delay_seconds"] == pytest.approx(9 * 86_400, abs=60)
    assert deleted["median_delay_seconds"] == pytest.approx(2 * 86_400, abs=60)
    assert days_ago(erased["last_applied_at"]) == pytest.approx(0, abs=0.01)
    text = leads.run("report").stdout
    assert "Rows of erased leads: 3; still to erase: 0" in text
    assert "erased: 3, from " in text
    assert "delay 5.0 days (median), 9.0 days (longest)" in text


def test_report_changes_nothing(leads: LeadsTable) -> None:
    """It uses a read-only transaction, and names no lead."""
    leads.add("over", days_left=-1)
    leads.apply()
    leads.add("over2", days_left=-1)
    before = leads.rows, leads.database.execute("SELECT * FROM retention.seeker_leads_erasure_log").fetchall()
    figures = leads.run("report").output + leads.run("report", "--json").output
    assert "over" not in figures
    assert (leads.rows, leads.database.execute("SELECT * FROM retention.seeker_leads_erasure_log").fetchall()) == before


def test_what_a_backup_brought_back_is_reported(leads: LeadsTable) -> None:
    """Erased people that a backup restored are reported until the next `apply`."""
    leads.add("gone", isErased=True)
    leads.apply()
    leads.database.execute("DELETE FROM retention.leads WHERE \"leadId\" = 'gone'")
    leads.add("gone", isErased=False)
    assert report(leads)["rows_to_erase"] == 1
    leads.apply()
    assert report(leads)["rows_to_erase"] == 0


@pytest.mark.parametrize("change", ["--refresh-days 0", "DROP"])
def test_what_cannot_be_known_is_said(leads: LeadsTable, change: str) -> None:
    """Without the loader's column or the tap's refresh, rows that were not read in two cycles cannot be found."""
    if change == "DROP":
        leads.database.execute("ALTER TABLE retention.leads DROP _sdc_extracted_at")
    text = leads.run("report", *(change.split() if change != "DROP" else ())).stdout
    assert "days: cannot be known" in text


def test_empty_table_has_a_report(empty_database: psycopg.Connection[Any], database_url: str) -> None:
    """The counts are zero, and the instants unknown."""
    table = LeadsTable(empty_database, database_url)
    assert table.apply()["rows_before"] == 0
    figures = report(table)
    assert (figures["rows"], figures["oldest_reading_at"]) == (0, None)
    assert "cannot be known" in table.run("report").stdout
