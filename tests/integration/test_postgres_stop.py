"""A signal that arrives while PostgreSQL works on a statement."""

from __future__ import annotations

import logging
import signal
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import text

from seeker_leads_api.errors import StoppedError
from seeker_leads_api.postgres.connection import connect
from seeker_leads_api.postgres.location import PostgresLocation
from tests.waiting import wait_until

if TYPE_CHECKING:
    from types import FrameType

NAME = "stopped"
ACTIVE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state = 'active'"


def test_signal_during_a_statement_is_a_stop(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """The run ends as stopped, and not because of the database; nothing is logged about the connection."""
    connection = connect(PostgresLocation.parse("ledger_url", database_url), application_name=NAME)

    def stop(number: int, _: FrameType | None) -> None:
        raise StoppedError(number)

    def send_signal() -> None:
        with psycopg.connect(database_url, autocommit=True) as other:
            wait_until(lambda: other.execute(ACTIVE, [NAME]).fetchone() == (1,))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, stop)
    try:
        threading.Thread(target=send_signal, daemon=True).start()
        with caplog.at_level(logging.INFO), pytest.raises(StoppedError), connection, connection.begin():
            connection.execute(text("SELECT pg_sleep(60)"))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
