"""The ledger's files, URLs and versions."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.live_runs import FileRuns, exclusive
from target_seeker_leads.ledger.rules import Decision, Status
from tests.ledger_tools import RETRY, claim, crash, execute, mode, rows, settlement


def test_ledger_is_private_before_sqlite_opens_it(file: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ledger, its side files, locks and folders are private to the owner, whatever the umask, before SQLite opens it.

    SQLite creates files outside Python, with the mode of the database, so the test checks them after each statement.
    """
    connect, seen = sqlite3.connect, list[dict[str, int]]()

    def look(_: str) -> None:
        seen.append({path.name: mode(path) for path in file.parent.glob("ledger.db*") if path.is_file()})

    def look_and_connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        look("before the first")
        connection: sqlite3.Connection = connect(*arguments, **options)
        connection.set_trace_callback(look)
        return connection

    monkeypatch.setattr(sqlite3, "connect", look_and_connect)
    before = os.umask(0)
    try:
        with Ledger.open(sqlite_url, RETRY) as ledger:
            ledger.claim(claim("k"))
            found = {path.relative_to(file.parent): mode(path) for path in file.parent.rglob("*")}
            found[Path()] = mode(file.parent)
    finally:
        os.umask(before)
    folders = {path: wide for path, wide in found.items() if path in (Path(), Path("ledger.db.runs"))}
    assert set(folders.values()) == {0o700}
    assert set(found) - set(folders) >= {Path("ledger.db"), Path("ledger.db-wal"), Path("ledger.db-shm")}
    assert {wide for path, wide in found.items() if path not in folders} == {0o600}
    assert seen[0] == {"ledger.db": 0o600}
    assert {wide for look in seen for wide in look.values()} == {0o600}
    assert {name for look in seen for name in look} == {"ledger.db", "ledger.db-wal", "ledger.db-shm"}


def test_commits_are_durable(sqlite_url: str) -> None:
    """A commit survives a power cut: the log is synced at each commit."""
    with Ledger.open(sqlite_url, RETRY) as ledger:
        assert ledger._session
        connection = ledger._session.connection
        with connection.begin():
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_locks_of_dead_runs_are_removed(file: Path, sqlite_url: str) -> None:
    """A run removes its own lock at its end, and those of dead runs at its start, but never a live run's."""
    folder = file.with_name("ledger.db.runs")
    dead = Ledger.open(sqlite_url, RETRY)
    crash(dead)
    with Ledger.open(sqlite_url, RETRY) as living:
        assert living._session
        assert [path.stem for path in folder.iterdir()] == [living._session.runs.run_id]
        with Ledger.open(sqlite_url, RETRY):
            assert len(list(folder.iterdir())) == 2
    assert list(folder.iterdir()) == []


def test_run_that_starts_during_a_cleanup_is_alive(tmp_path: Path) -> None:
    """However runs start and others clean up, no run's lock is removed while it is alive."""

    def start(_: int) -> FileRuns:
        runs = FileRuns(tmp_path)
        with exclusive(tmp_path):
            runs.start()
        return runs

    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(start, range(200)))
    looker = FileRuns(tmp_path)
    assert all(looker.is_alive(runs.run_id) for runs in started)
    for runs in started:
        runs.end()
    assert not any(looker.is_alive(runs.run_id) for runs in started)


def test_wait_for_another_run_to_open_or_close_is_limited(tmp_path: Path) -> None:
    """A run waits a minute for a process that holds the lock, and a stop ends the wait; afterwards it holds nothing."""

    class Stop(Exception):  # noqa: N818  # a stop order, not an error
        pass

    def stopped(_: float) -> None:
        raise Stop

    seconds = count(step=10)
    with exclusive(tmp_path):
        with pytest.raises(TimeoutError), exclusive(tmp_path, clock=lambda: next(seconds), sleep=lambda _: None):
            pytest.fail("two at once")
        with pytest.raises(Stop), exclusive(tmp_path, sleep=stopped):
            pytest.fail("two at once")
    assert next(seconds) == 80
    with exclusive(tmp_path, sleep=stopped):
        pass


def test_ledger_that_another_program_keeps_closed(file: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that cannot start says which program to end; a finished run ends, and loses nothing."""
    monkeypatch.setattr("target_seeker_leads.ledger.database.LOCK_TIMEOUT_SECONDS", -1)
    monkeypatch.setattr("target_seeker_leads.ledger.database._CLOSE_TIMEOUT_SECONDS", -1)
    ledger = Ledger.open(sqlite_url, RETRY)
    ledger.claim(claim("k"))
    ledger.settle(settlement("k", Status.DELIVERED))
    with exclusive(file.with_name("ledger.db.runs")):
        with pytest.raises(FatalError, match=r"could not be opened.*locked.*another process has locked it: end that"):
            Ledger.open(sqlite_url, RETRY)
        ledger.close()
    with Ledger.open(sqlite_url, RETRY) as after:
        assert after.claim(claim("k")) is Decision.SKIP_DELIVERED


def test_one_file_under_two_names_is_one_ledger(file: Path, sqlite_url: str, tmp_path: Path) -> None:
    """Runs that reach the file by different names see each other."""
    with Ledger.open(sqlite_url, RETRY) as one:
        one.claim(claim("k"))
        (tmp_path / "link.db").symlink_to(file)
        with Ledger.open(f"sqlite:///{tmp_path / 'link.db'}", RETRY) as two:
            assert two.claim(claim("k")) is Decision.WAIT


def test_newer_ledger_is_refused(url: str) -> None:
    """A ledger of a newer version is not changed; the error says what to do."""
    Ledger.open(url, RETRY).close()
    execute(url, "UPDATE seeker_leads_ledger_version SET version = 3")
    for read_only in (False, True):
        with pytest.raises(SettingsError, match="upgrade singer-seeker-leads"):
            Ledger.open(url, RETRY, read_only=read_only)


def test_dry_run_creates_nothing(file: Path, sqlite_url: str) -> None:
    """If there is no ledger yet, a dry run creates none, and everything would be sent."""
    with Ledger.open(sqlite_url, RETRY, read_only=True) as ledger:
        assert ledger.peek(claim("k")) is Decision.SEND
        assert ledger.peek(claim("k")) is Decision.SEND
    assert not file.parent.exists()


def test_dry_run_creates_no_tables(empty_postgres: str) -> None:
    """The same in a database: no tables are created."""
    with Ledger.open(empty_postgres, RETRY, read_only=True) as ledger:
        assert ledger.peek(claim("k")) is Decision.SEND
    with pytest.raises(psycopg.errors.UndefinedTable):
        rows(empty_postgres)


def test_dry_run_decides_like_a_run(url: str) -> None:
    """A dry run next to a live run sees what was delivered, rejected and is being sent, and changes none of it."""
    with Ledger.open(url, RETRY) as ledger:
        for key, status in [("d", Status.DELIVERED), ("r", Status.REJECTED)]:
            ledger.claim(claim(key))
            ledger.settle(settlement(key, status))
        ledger.claim(claim("s"))
        before = rows(url, "*")
        with Ledger.open(url, RETRY, read_only=True) as dry:
            decisions = [dry.peek(claim(key)) for key in "drs?"]
            assert decisions == [Decision.SKIP_DELIVERED, Decision.SKIP_REJECTED, Decision.WAIT, Decision.SEND]
            with pytest.raises(FatalError):
                dry.claim(claim("x"))
        assert rows(url, "*") == before
    with Ledger.open(url, RETRY, read_only=True) as dry:
        assert dry.peek(claim("s")) is Decision.SEND_AGAIN


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "secret",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:secret?mode=memory&uri=true",
        "sqlite+aiosqlite:///secret.db",
        "mysql://u:secret@host/db",
        "postgresql+asyncpg://u:secret@host/db",
        "postgresql://u:secret@host:port/db",
        "postgresql://u:x@secret@host/db",
        "postgresql://u:x@secret?y@host/db",
        "postgresql://u:x@secret?y=z@host/db",
        "postgresql://u:secret@host/db?plugin=secret",
        "postgresql://u:secret@host/db?port=secret",
    ],
)
def test_url_that_cannot_work_is_named_without_its_password(bad: str) -> None:
    """For any mistake in `ledger_url`, the error names the setting and no part of it that may be secret."""
    with pytest.raises(SettingsError, match="ledger_url") as caught:
        Ledger.open(bad, RETRY)
    assert "secret" not in str(caught.value)


def test_password_is_never_shown(empty_postgres: str) -> None:
    """Neither the location in messages, nor the error of a server that is down, contains the password."""
    with Ledger.open(empty_postgres.replace("postgres:@", "postgres:secret@"), RETRY) as ledger:
        assert "secret" not in ledger.shown_location
        assert ledger.shown_location.startswith("postgresql://postgres@")
    with pytest.raises(FatalError, match=r"postgresql://u@127.0.0.1:1/db could not be opened") as caught:
        Ledger.open("postgresql://u:secret@127.0.0.1:1/db", RETRY)
    assert "secret" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_missing_driver_is_a_settings_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the PostgreSQL driver, the error says what to install."""
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(SettingsError, match=r"singer-seeker-leads\[postgres\]"):
        Ledger.open("postgresql://u:secret@127.0.0.1:1/db", RETRY)


def test_other_file_is_left_alone(file: Path, sqlite_url: str) -> None:
    """A file that is not an SQLite database is refused and not changed."""
    file.parent.mkdir()
    file.write_text("a letter to my aunt, long enough to be read as a header" * 20)
    before = file.read_bytes()
    with pytest.raises(FatalError, match="ledger_url"):
        Ledger.open(sqlite_url, RETRY)
    assert file.read_bytes() == before


@pytest.mark.parametrize("change", ["deleted", "moved", "replaced", "folder moved", "lock deleted"])
def test_ledger_that_is_gone_ends_the_sending(file: Path, sqlite_url: str, change: str) -> None:
    """If others no longer find the ledger, or the run in it, no record is claimed; what was sent is still written."""
    with Ledger.open(sqlite_url, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND
        place = file
        match change:
            case "deleted":
                file.unlink()
            case "moved":
                place = file.rename(file.with_name("backup.db"))
            case "replaced":
                Path(shutil.copy(file, file.with_name("copy.db"))).replace(file)
            case "folder moved":
                place = file.parent.rename(file.parent.with_name("backup")) / file.name
            case "lock deleted":
                for lock in file.with_name(f"{file.name}.runs").iterdir():
                    lock.unlink()
        with pytest.raises(FatalError, match="nothing more is sent; put it back"):
            ledger.claim(claim("l"))
        ledger.settle(settlement("k", Status.DELIVERED))
    if change == "moved":
        place = place.rename(file)  # put back, beside its write-ahead log
    if change in {"moved", "folder moved", "lock deleted"}:
        assert rows(f"sqlite:///{place}", "status") == [("delivered",)]
