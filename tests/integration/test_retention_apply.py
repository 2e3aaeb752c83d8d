"""`seeker-leads retention apply`: what is deleted and erased, and what is not."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from seeker_leads_cli.retention.database import _TIMEOUTS_MS
from seeker_leads_cli.retention.statements import Statements
from tests.leads_table import NAME, LeadsTable, apply_in_a_program

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture(params=[LeadsTable, LeadsTable.flat], ids=["json", "flat"])
def leads(request: pytest.FixtureRequest, empty_database: psycopg.Connection[Any], database_url: str) -> LeadsTable:
    """A table in each format, with ten leads that must stay unchanged."""
    make: Callable[..., LeadsTable] = request.param
    table = make(empty_database, database_url)
    table.add(*(f"stays-{number}" for number in range(10)))
    return table


def test_rows_past_their_ttl_are_deleted(leads: LeadsTable) -> None:
    """`ttl` counts to the second, in UTC whatever the session's zone; rows without a `ttl` stay and are counted."""
    leads.database.execute("ALTER ROLE CURRENT_USER SET timezone = 'Pacific/Auckland'")
    try:
        leads.add("over", days_left=-2 / 86_400)
        leads.add("nearly", days_left=60 / 86_400)
        leads.add("none", days_left=None)
        result = leads.apply()
    finally:
        leads.database.execute("ALTER ROLE CURRENT_USER RESET timezone")
    assert leads.rows.keys() == {"nearly", "none", *(f"stays-{number}" for number in range(10))}
    assert (result["deleted_past_ttl"], result["rows_without_ttl"], result["rows_before"]) == (1, 1, 13)
    assert leads.log == {"over": "ttl"}


def test_erased_people_are_scrubbed(leads: LeadsTable) -> None:
    """All personal data becomes null, the rest of the row and all other rows stay; the evidence has one line."""
    leads.add("gone", isErased=True)
    before = leads.rows
    result = leads.apply()
    after = leads.rows
    row = after.pop("gone")
    assert after == {lead_id: each for lead_id, each in before.items() if lead_id != "gone"}
    kept = {"leadId", "ingestionDate", "portal", "ttl", "isErased", "_sdc_extracted_at", "callDetails__duration"}
    for name, value in row.items():
        assert value == {**before["gone"], "callDetails": {"seekerPhoneNumber": None, "duration": 12}}[name] or (
            value is None and name not in kept
        )
    assert NAME not in str(row)
    assert (result["erased"], result["newly_erased"]) == (1, 1)
    assert leads.log == {"gone": "erased"}


def test_second_run_changes_nothing(leads: LeadsTable) -> None:
    """A repeated run changes neither rows nor evidence."""
    leads.add("gone", isErased=True)
    leads.add("over", days_left=-1)
    leads.apply()
    before = (
        leads.rows,
        leads.database.execute("SELECT * FROM retention.seeker_leads_erasure_log ORDER BY 1").fetchall(),
    )
    result = leads.apply()
    assert (
        leads.rows,
        leads.database.execute("SELECT * FROM retention.seeker_leads_erasure_log ORDER BY 1").fetchall(),
    ) == before
    assert [result[name] for name in ("deleted_past_ttl", "deleted_again", "newly_erased", "erased")] == [0, 0, 0, 0]


def test_erased_rows_can_be_deleted(leads: LeadsTable) -> None:
    """With `--erased delete`, the row is deleted, and deleted again if the tap reads it again."""
    leads.add("gone", isErased=True)
    assert leads.apply("--erased", "delete", "--dry-run")["erased"] == 1
    leads.apply("--erased", "delete")
    assert "gone" not in leads.rows
    leads.add("gone", isErased=True, read_days_ago=-1)
    assert leads.apply("--erased", "delete")["erased"] == 1
    assert "gone" not in leads.rows
    assert leads.log == {"gone": "erased"}


def test_restored_backup_is_erased_again(leads: LeadsTable) -> None:
    """People in the evidence are erased again after a restored backup; rows that the tap reads later count."""
    leads.add("gone", "back", isErased=True)
    leads.add("over", days_left=-1)
    leads.apply()
    leads.database.execute('DELETE FROM retention.leads WHERE "leadId" IN (%s, %s)', ["gone", "back"])
    leads.add("gone", isErased=False)
    leads.add("over", days_left=-1)
    leads.add("back", isErased=False, read_days_ago=-1)
    result = leads.apply()
    rows = leads.rows
    assert NAME not in str(rows["gone"])
    assert rows["gone"]["isErased"]
    assert NAME in str(rows["back"])
    assert "over" not in rows
    assert (result["erased"], result["newly_erased"], result["deleted_past_ttl"]) == (1, 0, 1)


def test_earlier_rows_of_an_erased_lead_are_scrubbed_too(leads: LeadsTable) -> None:
    """If a loader appends, a lead has several rows, and the earlier ones do not know of the erasure."""
    leads.add("gone", isErased=False, read_days_ago=20)
    leads.add("gone", isErased=True, read_days_ago=1)
    assert leads.apply()["newly_erased"] == 1
    texts = [text for (text,) in leads.database.execute("SELECT t::text FROM retention.leads t")]
    assert sum(NAME in text for text in texts) == 10
    assert len(texts) == 12


def test_evidence_is_one_line_a_lead_and_deletion_comes_first(leads: LeadsTable) -> None:
    """An erased lead that is past its `ttl` is recorded as deleted, on the same line; no line has personal data."""
    leads.add("both", isErased=True, days_left=-1)
    leads.add("later", isErased=True)
    leads.apply("--yes")
    assert leads.log == {"both": "ttl", "later": "erased"}
    leads.database.execute("UPDATE retention.leads SET ttl = '2020-01-01' WHERE \"leadId\" = 'later'")
    leads.apply()
    assert leads.log == {"both": "ttl", "later": "ttl"}
    lines = leads.database.execute(
        "SELECT t::text, first_seen_at <= applied_at FROM retention.seeker_leads_erasure_log t"
    ).fetchall()
    assert len(lines) == 2
    assert all(is_in_order and NAME not in line and "+33" not in line for line, is_in_order in lines)


def test_dry_run_changes_nothing(leads: LeadsTable) -> None:
    """It counts what a run would do, creates no table, and does not change existing evidence."""
    leads.add("gone", isErased=True)
    leads.add("over", days_left=-1)
    before = leads.rows
    foreseen = leads.apply("--dry-run")
    assert leads.rows == before
    assert not leads.has_log
    done = leads.apply()
    for result in (foreseen, done):
        del result["run_id"], result["at"], result["dry_run"]
    assert foreseen == done
    leads.add("gone-too", isErased=True)
    leads.add("over-too", days_left=-1)
    before, log = leads.rows, leads.log
    foreseen = leads.apply("--dry-run")
    assert (foreseen["deleted_past_ttl"], foreseen["newly_erased"]) == (1, 1)
    assert (leads.rows, leads.log) == (before, log)


def test_many_new_erasures_need_a_yes(leads: LeadsTable) -> None:
    """More than a quarter of the table is probably a fault; erasures that are already in the evidence do not count."""
    leads.add(*"abcd", isErased=True)
    before = leads.rows
    refused = leads.run("apply", status=1)
    assert "4 of 14 rows are newly erased, more than 25 %" in refused.stderr.replace("25%", "25 %")
    assert leads.rows == before
    assert not leads.has_log
    leads.apply("--yes")
    assert len(leads.log) == 4
    leads.add("e", isErased=True)
    leads.apply()
    assert len(leads.log) == 5


def test_a_quarter_needs_no_yes(leads: LeadsTable) -> None:
    """A share of exactly a quarter is accepted."""
    leads.add("stays-10", "stays-11")
    leads.add(*"abcd", isErased=True)
    assert leads.apply()["newly_erased"] == 4


def test_failed_run_changes_nothing(leads: LeadsTable) -> None:
    """Everything is one transaction: if its last statement fails, the rows past their `ttl` are still there."""
    leads.add("gone", isErased=True)
    leads.add("over", days_left=-1)
    leads.database.execute("ALTER TABLE retention.leads ADD CHECK (extra IS NOT NULL)")
    before = leads.rows
    refused = leads.run("apply", status=1)
    assert "CheckViolation" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert leads.rows == before
    assert not leads.has_log


def test_two_runs_at_once_do_it_once(leads: LeadsTable) -> None:
    """The second run waits for the first, and has nothing left to do."""
    leads.add("gone", isErased=True)
    leads.add("over", days_left=-1)
    result: list[dict[str, Any]] = []
    with psycopg.connect(leads.url) as other:
        other.execute("LOCK TABLE retention.leads IN SHARE MODE")  # both may look, none may change
        runs = [threading.Thread(target=lambda: result.append(apply_in_a_program(leads))) for _ in range(2)]
        for run in runs:
            run.start()
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        while leads.database.execute(waiting).fetchone() != (2,):
            pass
        other.rollback()
    for run in runs:
        run.join()
    assert sorted(each["deleted_past_ttl"] for each in result) == [0, 1]
    assert sorted(each["erased"] for each in result) == [0, 1]
    assert leads.log == {"gone": "erased", "over": "ttl"}


def test_nothing_is_erased_without_its_evidence(leads: LeadsTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that a loader commits between the evidence and the erasure stays until the next run, which records it."""
    leads.add("gone", isErased=True)
    erase = Statements.erase

    def erase_later(statements: Statements) -> tuple[Any, ...]:
        if "late" not in leads.rows:
            leads.add("late", isErased=True)
        return erase(statements)

    monkeypatch.setattr(Statements, "erase", erase_later)
    leads.apply("--erased", "delete")
    assert "late" in leads.rows
    leads.apply("--erased", "delete")
    assert leads.rows.keys() == {f"stays-{number}" for number in range(10)}
    assert leads.log == {"gone": "erased", "late": "erased"}


@pytest.mark.parametrize("lock", ["ROW EXCLUSIVE", "ACCESS EXCLUSIVE"])
def test_frozen_loader_does_not_keep_a_run_waiting(
    leads: LeadsTable, monkeypatch: pytest.MonkeyPatch, lock: str
) -> None:
    """A run that cannot get a lock ends with one line, changes nothing, and can be repeated."""
    monkeypatch.setitem(_TIMEOUTS_MS, "lock_timeout", 200)
    leads.add("gone", isErased=True)
    with psycopg.connect(leads.url) as other:
        other.execute(f"LOCK TABLE retention.leads IN {lock} MODE")
        other.execute("UPDATE retention.leads SET portal = 'x' WHERE \"leadId\" = 'gone'")
        ended = leads.run("apply", status=1)
    assert ended.stderr.splitlines()[-1].endswith(
        "refused (LockNotAvailable), and nothing was changed: wait for the session that holds the lock, or"
        " end it (`pg_stat_activity` shows it), then run again"
    )
    assert leads.apply()["erased"] == 1


def test_frozen_run_releases_its_locks(leads: LeadsTable, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is stopped in its transaction keeps no loader waiting: the server ends it, and changes nothing."""
    monkeypatch.setitem(_TIMEOUTS_MS, "idle_in_transaction_session_timeout", 200)
    leads.add("gone", isErased=True)
    erase = Statements.erase

    def freeze(statements: Statements) -> tuple[Any, ...]:
        holders = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'seeker-leads'"
        until = time.monotonic() + 10
        while leads.database.execute(holders).fetchone() != (0,):
            assert time.monotonic() < until
        return erase(statements)

    monkeypatch.setattr(Statements, "erase", freeze)
    before = leads.rows
    assert "was lost" in leads.run("apply", status=1).stderr
    assert (leads.rows, leads.has_log) == (before, False)
