"""Ledgers of earlier formats, and newer ledgers that earlier versions open."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.ledger import migrations, tables
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Settlement, Status
from tests.ledger_tools import RETRY, claim, execute, rows, settlement

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

EARLIER = Path(__file__).parents[1] / "fixtures" / "v0_1"
OLD_COLUMNS = "key, stream, content, status, run_id, request_id, resends, updated_at"


@pytest.fixture
def earlier_url(url: str, file: Path) -> str:
    """A ledger of format 1, of each kind, as version 0.1 wrote it."""
    if url.startswith("sqlite"):
        file.parent.mkdir(parents=True)
        shutil.copy(EARLIER / "ledger.db", file)
    else:
        execute(url, (EARLIER / "ledger.sql").read_text("utf-8"))
    return url


def format_of(url: str) -> int:
    query = "SELECT version FROM seeker_leads_ledger_version"
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            found = connection.execute(query).fetchall()
    else:
        with psycopg.connect(url) as session:
            found = session.execute(query).fetchall()
    ((version,),) = found
    return int(version)


def test_earlier_ledger_is_migrated(earlier_url: str) -> None:
    """Opening an earlier ledger migrates it to the latest format; all its rows stay, and open ones have a first try."""
    before = rows(earlier_url, OLD_COLUMNS)
    assert format_of(earlier_url) == 1
    Ledger.open(earlier_url, RETRY).close()
    assert format_of(earlier_url) == migrations.LATEST_FORMAT
    assert rows(earlier_url, OLD_COLUMNS) == before
    for status, updated_at, first, destination in rows(earlier_url, "status, updated_at, first_tried_at, destination"):
        assert first == (updated_at if status in {"sending", "unknown"} else None)
        assert destination is None
    Ledger.open(earlier_url, RETRY).close()


def test_migrated_ledger_has_the_form_of_a_new_one(tmp_path: Path) -> None:
    """In SQLite, columns and index are the same as in a new ledger."""
    shutil.copy(EARLIER / "ledger.db", tmp_path / "earlier.db")
    earlier_url, new_url = (f"sqlite:///{tmp_path / name}.db" for name in ("earlier", "new"))
    for opened in (earlier_url, new_url):
        Ledger.open(opened, RETRY).close()

    def form(url: str) -> object:
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            columns = connection.execute(
                "SELECT name, type, \"notnull\", pk FROM pragma_table_info('seeker_leads_ledger')"
            )
            indexes = connection.execute("SELECT name, \"unique\" FROM pragma_index_list('seeker_leads_ledger')")
            found = [columns.fetchall(), sorted(indexes.fetchall())]
        connection.close()
        return found

    assert form(earlier_url) == form(new_url)


def test_migration_that_fails_leaves_the_ledger_as_it_was(earlier_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All steps are one transaction: if a later step fails, the earlier ones are rolled back."""
    before = rows(earlier_url, OLD_COLUMNS)
    step = migrations.STEPS[1]

    def fail(connection: Connection, table: str) -> None:
        step(connection, table)
        raise OSError(5, "the machine goes away")

    steps: dict[int, Callable[[Connection, str], None]] = {1: fail}
    monkeypatch.setattr(migrations, "STEPS", steps)
    with pytest.raises(Exception, match="could not be opened"):
        Ledger.open(earlier_url, RETRY)
    assert format_of(earlier_url) == 1
    assert rows(earlier_url, OLD_COLUMNS) == before
    monkeypatch.undo()
    Ledger.open(earlier_url, RETRY).close()
    assert format_of(earlier_url) == migrations.LATEST_FORMAT


def test_dry_run_reads_an_earlier_ledger_and_changes_nothing(earlier_url: str) -> None:
    """A dry run, which users make before they trust an upgrade, knows what was delivered, and migrates nothing."""
    ((key, content),) = [
        (key, content) for key, content, status in rows(earlier_url, "key, content, status") if status == "delivered"
    ][:1]
    with Ledger.open(earlier_url, RETRY, read_only=True) as ledger:
        assert ledger.peek(claim(key, content)) is Decision.SKIP_DELIVERED
        assert ledger.peek(claim("unheard of")) is Decision.SEND
    assert format_of(earlier_url) == 1


def test_every_format_has_its_step() -> None:
    """The table of steps leads from format 1 to the latest, without a gap."""
    assert sorted(migrations.STEPS) == list(range(1, migrations.LATEST_FORMAT))


def test_earlier_version_refuses_a_newer_ledger(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that only knows format 1 and opens format 2 says so, and changes nothing."""
    with Ledger.open(url, RETRY) as ledger:
        ledger.claim(claim("k"))
        ledger.settle(settlement("k", Status.DELIVERED))
    before = rows(url)
    monkeypatch.setattr(tables, "LATEST_FORMAT", 1)
    with pytest.raises(SettingsError, match="its format is 2, this version knows 1"):
        Ledger.open(url, RETRY)
    assert rows(url) == before


def test_row_of_an_earlier_identity_is_found(url: str) -> None:
    """A record is found under a key of an earlier version, and keeps that row; no second one is created."""
    with Ledger.open(url, RETRY, 7) as ledger:
        ledger.claim(claim("old"))
        ledger.settle(settlement("old", Status.DELIVERED))
        ledger.claim(claim("open"))
        ledger.settle(settlement("open", Status.SENDING))
        assert ledger.claim(replace(claim("new"), earlier_keys=("older", "old"))) is Decision.SKIP_DELIVERED
        again = replace(claim("new 2"), earlier_keys=("open",))
        assert ledger.claim(again) is Decision.SEND_AGAIN
        assert ledger.claim(again) is Decision.WAIT
        assert ledger.claim(claim("open")) is Decision.WAIT
        assert ledger.resends_left(again) == 7 - 1
        ledger.settle(Settlement(again, Status.DELIVERED))
        fresh = replace(claim("fresh"), earlier_keys=("never",))
        assert ledger.claim(fresh) is Decision.SEND
        ledger.settle(Settlement(fresh, Status.DELIVERED))
    assert sorted(rows(url, "key, status")) == [("fresh", "delivered"), ("old", "delivered"), ("open", "delivered")]
