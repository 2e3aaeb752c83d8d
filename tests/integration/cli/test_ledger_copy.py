"""`seeker-leads ledger copy`: all rows as they are, or none."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import event
from sqlalchemy.engine import Engine

from seeker_leads_cli.main import main
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Status
from tests.ledger_tools import RETRY, claim, execute, fill, mode, rows, rows_in_utc, settlement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

LONG_AGO = datetime(2026, 3, 29, 0, 30, tzinfo=timezone.utc)  # the hour in which clocks went forward in Paris
Copy = Callable[..., Any]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """Copy one ledger to another."""

    def run(source: str, new: str, *options: str, status: int = 0) -> Result:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"ledger_url": source, "rejects_path": str(tmp_path / "rejects.jsonl")}))
        ended = CliRunner().invoke(main, ["ledger", "copy", new, "--config", str(config), *options])
        assert ended.exit_code == status, ended.output
        if status:
            assert len(ended.stderr.splitlines()) == 1
        return ended

    return run


@pytest.fixture
def second_postgres(database_url: str) -> Iterator[str]:
    """The URL of an empty database in another time zone."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS second_ledger")
        connection.execute("CREATE DATABASE second_ledger")
        yield f"{database_url.replace('/postgres?', '/second_ledger?')}&options=-c%20timezone%3DEurope/Paris"
        connection.execute("DROP DATABASE second_ledger WITH (FORCE)")


@pytest.fixture
def second_file(tmp_path: Path) -> Path:
    return tmp_path / "second" / "ledger.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, second_file: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{second_file}"
    url: str = request.getfixturevalue("second_postgres")
    return url


def test_copy_leaves_every_row_unchanged(copy: Copy, url: str, new_url: str, second_file: Path) -> None:
    """All columns are copied, whatever the servers' time zones; a second copy finds all rows there."""
    fill(url, 1300, LONG_AGO)
    fill(url, 40, LONG_AGO, "crm")
    execute(url, "UPDATE seeker_leads_ledger SET status = 'rejected' WHERE stream = 'crm'")
    ended = copy(url, new_url)
    assert "Copied 1,340 rows from " in ended.stdout
    assert "rejected   40" in ended.stdout
    assert rows_in_utc(new_url) == rows_in_utc(url)
    if new_url.startswith("sqlite"):
        assert mode(second_file) == 0o600
    again = json.loads(copy(url, new_url, "--json").stdout)
    assert (again["rows"], again["copied"], again["already_there"]) == (1340, 0, 1340)
    assert again["counts"] == [
        {"stream": "crm", "status": "rejected", "rows": 40},
        {"stream": "leads", "status": "delivered", "rows": 1300},
    ]


def test_a_run_goes_on_from_the_copy(copy: Copy, url: str, new_url: str) -> None:
    """With the copy, delivered leads are not sent again, and records of a dead run are decided as usual."""
    with Ledger.open(url, RETRY) as ledger:
        for key in ("done", "open"):
            ledger.claim(claim(key))
        ledger.settle(settlement("done", Status.DELIVERED))
    copy(url, new_url)
    with Ledger.open(new_url, RETRY) as ledger:
        assert ledger.claim(claim("done")) is Decision.SKIP_DELIVERED
        assert ledger.claim(claim("open")) is Decision.SEND_AGAIN


def test_what_an_earlier_copy_left_is_completed(copy: Copy, url: str, new_url: str) -> None:
    """Equal rows that are already there stay, and missing rows are added."""
    fill(url, 60, LONG_AGO)
    copy(url, new_url)
    execute(new_url, "DELETE FROM seeker_leads_ledger WHERE resends = 2")
    ended = json.loads(copy(url, new_url, "--json").stdout)
    assert (ended["copied"], ended["already_there"]) == (12, 48)
    assert rows_in_utc(new_url) == rows_in_utc(url)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE seeker_leads_ledger SET status = 'unknown' WHERE resends = 1",
        "UPDATE seeker_leads_ledger SET stream = 'other', key = 'other' WHERE request_id = 'request-1'",
    ],
)
def test_ledger_with_other_rows_is_refused(copy: Copy, url: str, new_url: str, change: str) -> None:
    """Nothing is merged, and both ledgers stay unchanged."""
    fill(url, 20, LONG_AGO)
    copy(url, new_url)
    execute(new_url, change)
    execute(new_url, "DELETE FROM seeker_leads_ledger WHERE request_id = 'request-3'")
    before = rows_in_utc(url), rows_in_utc(new_url)
    ended = copy(url, new_url, status=2)
    assert "contains other rows than" in ended.stderr
    assert (rows_in_utc(url), rows_in_utc(new_url)) == before


@pytest.mark.parametrize("used", ["source", "new"])
def test_ledger_in_use_is_not_copied(copy: Copy, url: str, new_url: str, used: str) -> None:
    """While a run uses either ledger, the command ends with one line; afterwards the copy succeeds."""
    fill(url, 20, LONG_AGO)
    in_use = url if used == "source" else new_url
    with Ledger.open(in_use, RETRY) as ledger:
        ledger.claim(claim("under way"))
        ended = copy(url, new_url, status=1)
        assert "Another run uses the ledger" in ended.stderr
        ledger.settle(settlement("under way", None))
        assert ledger.claim(claim("under way")) is Decision.SEND
        ledger.settle(settlement("under way", None))
    copy(url, new_url)
    assert rows_in_utc(new_url) == rows_in_utc(url)


def test_ledger_is_not_copied_to_itself(copy: Copy, url: str) -> None:
    """A different spelling of the same path is recognised, too."""
    fill(url, 3, LONG_AGO)
    assert "NEW_URL is the ledger itself" in copy(url, url, status=2).stderr
    other = url.replace("/new/", "/new/../new/") if url.startswith("sqlite") else f"{url}&connect_timeout=20"
    ended = copy(url, other, status=2 if url.startswith("sqlite") else 1)
    assert ("the ledger itself" in ended.stderr) or ("Another run uses" in ended.stderr)
    assert len(rows(url)) == 3


def test_full_disk_leaves_nothing_behind(copy: Copy, sqlite_url: str, second_file: Path) -> None:
    """The line says to free space; both ledgers are unchanged, and once there is space, the copy succeeds."""
    fill(sqlite_url, 2000, LONG_AGO)
    before = rows_in_utc(sqlite_url)

    def limit(connection: Any, _: object) -> None:
        connection.execute("PRAGMA max_page_count = 60")

    event.listen(Engine, "connect", limit)
    try:
        ended = copy(sqlite_url, f"sqlite:///{second_file}", status=1)
    finally:
        event.remove(Engine, "connect", limit)
    assert f"The ledger {second_file} could not be written (OperationalError): free space on its disk" in ended.stderr
    assert rows(f"sqlite:///{second_file}") == []
    copy(sqlite_url, f"sqlite:///{second_file}")
    assert rows_in_utc(f"sqlite:///{second_file}") == before == rows_in_utc(sqlite_url)


def test_full_disk_ends_a_purge(sqlite_url: str, tmp_path: Path) -> None:
    """The command ends with one line and the cure; each row is either deleted or unchanged."""
    fill(sqlite_url, 20, datetime(2020, 1, 1, tzinfo=timezone.utc))
    full = "SELECT RAISE(FAIL, 'database or disk is full')"
    execute(sqlite_url, f"CREATE TRIGGER full BEFORE DELETE ON seeker_leads_ledger BEGIN {full}; END")
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"ledger_url": sqlite_url, "rejects_path": "rejects.jsonl"}))
    ended = CliRunner().invoke(main, ["ledger", "purge", "--older-than", "1200d", "--config", str(config)])
    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)
    assert "could not be purged" in ended.stderr
    assert "free space on its disk" in ended.stderr
    assert len(rows(sqlite_url)) == 20


def test_url_may_come_from_a_variable(sqlite_url: str, second_file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    """So no password has to be on a command line."""
    fill(sqlite_url, 3, LONG_AGO)
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"ledger_url": sqlite_url, "rejects_path": "rejects.jsonl"}))
    monkeypatch.setenv("SEEKER_LEADS_NEW_LEDGER_URL", f"sqlite:///{second_file}")
    assert CliRunner().invoke(main, ["ledger", "copy", "--config", str(config)]).exit_code == 0
    assert rows_in_utc(f"sqlite:///{second_file}") == rows_in_utc(sqlite_url)
