"""Databases that fail."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import psycopg
import pytest

from seeker_leads_api.errors import FatalError
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Status
from tests.ledger_tools import RETRY, claim, execute, settlement

if TYPE_CHECKING:
    from pathlib import Path


def assert_says_nothing_more(error: FatalError, cure: str) -> None:
    assert "nothing more is sent" in str(error)
    assert cure in str(error)
    assert not any(word in str(error) for word in ("INSERT", "seeker_leads_ledger", "secret-key"))


def test_full_disk_ends_the_sending(sqlite_url: str) -> None:
    """If a claim cannot be written, no record is sent; with room again the ledger continues."""
    with Ledger.open(sqlite_url, RETRY) as ledger:
        assert ledger._session
        raw = ledger._session.connection.connection.driver_connection
        assert raw
        (pages,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(FatalError) as caught:
            [ledger.claim(claim(f"secret-key-{number}")) for number in range(500)]
        assert_says_nothing_more(caught.value, "free space")
        raw.execute("PRAGMA max_page_count = 1000000")
        assert ledger.claim(claim("k")) is Decision.SEND


def test_ledger_that_stays_locked_ends_the_sending(
    file: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If another program holds the file for longer than the timeout, the error says so; later the ledger continues."""
    monkeypatch.setattr("target_seeker_leads.ledger.database._BUSY_TIMEOUT_SECONDS", 0.01)
    with Ledger.open(sqlite_url, RETRY) as ledger:
        with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(FatalError) as caught:
                ledger.claim(claim("secret-key"))
        assert_says_nothing_more(caught.value, "another process has locked it")
        assert ledger.claim(claim("secret-key")) is Decision.SEND


@pytest.mark.parametrize("table", ["seeker_leads_ledger", "seeker_leads_ledger_version"])
def test_postgresql_that_stays_locked_ends_the_sending(
    empty_postgres: str, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """A table that another session keeps locked for longer than the timeout ends a run, and one that opens it."""
    monkeypatch.setattr("target_seeker_leads.ledger.database.LOCK_TIMEOUT_SECONDS", 0.05)
    with Ledger.open(empty_postgres, RETRY) as ledger:
        with psycopg.connect(empty_postgres) as other:
            other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
            if table == "seeker_leads_ledger":
                with pytest.raises(FatalError) as caught:
                    ledger.claim(claim("secret-key"))
                assert_says_nothing_more(caught.value, "another session keeps it locked: end that session")
            else:
                with pytest.raises(FatalError, match=r"could not be opened.*another session keeps it locked"):
                    Ledger.open(empty_postgres, RETRY)
            other.rollback()
        assert ledger.claim(claim("secret-key")) is Decision.SEND


def test_read_only_ledger_ends_the_sending(url: str) -> None:
    """If the database can only be read, no record is sent."""
    with Ledger.open(url, RETRY) as ledger:
        assert ledger._session
        with ledger._session.connection.begin():
            make = "PRAGMA query_only = ON" if "sqlite" in url else "SET default_transaction_read_only = on"
            ledger._session.connection.exec_driver_sql(make)
        with pytest.raises(FatalError) as caught:
            ledger.claim(claim("secret-key"))
        assert_says_nothing_more(caught.value, "writable" if "sqlite" in url else "primary")


def test_run_that_lost_its_session_sends_nothing_more(empty_postgres: str) -> None:
    """A run whose session is gone may count as dead: from then on every claim fails, permanently."""
    with Ledger.open(empty_postgres, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SEND
        execute(
            empty_postgres,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'target-seeker-leads'",
        )
        with pytest.raises(FatalError) as caught:
            ledger.claim(claim("secret-key"))
        assert_says_nothing_more(caught.value, "run again")
        with pytest.raises(FatalError, match="closed"):
            ledger.claim(claim("l"))
        with Ledger.open(empty_postgres, RETRY) as other:
            assert other.claim(claim("k")) is Decision.SEND_AGAIN


def test_closed_ledger_refuses(url: str) -> None:
    """A thread that is too late gets an error, and a second close does nothing."""
    ledger = Ledger.open(url, RETRY)
    ledger.close()
    ledger.close()
    with pytest.raises(FatalError, match="closed"):
        ledger.settle(settlement("k", Status.DELIVERED))
