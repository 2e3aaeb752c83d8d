"""`seeker-leads ledger copy`, from SQLite to PostgreSQL: all rows arrive or none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import psycopg

from soak.kills.subject import Subject
from tests.ledger_tools import fill, rows_in_utc

if TYPE_CHECKING:
    from soak.kills.subject import Place
    from tests.programs import Program

_ROWS = 2500


class LedgerCopy(Subject):
    """Copies a ledger of several batches."""

    name = "ledger copy"

    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self._source = f"sqlite:///{self.folder / 'ledger.db'}"
        fill(self._source, _ROWS, datetime.now(timezone.utc) - timedelta(days=30))
        self._expected = rows_in_utc(self._source)
        self.configure(ledger_url=self._source, rejects_path=str(self.folder / "rejects.jsonl"))
        self.database.drop_ledger()
        self._arrived = 0
        self._sessions = self._sessions_before = self.database.sessions()

    def program(self) -> Program:
        """Copy it into the database."""
        config = self.folder / "config.json"
        return self.command("seeker-leads", "ledger", "copy", self.database.url, "--config", config)

    def prepare(self) -> None:
        """Note how many sessions there were."""
        self._sessions_before = self.database.sessions()

    def look(self) -> None:
        """Check that all rows arrived, or none, and that the old ledger is as it was."""
        self._sessions = self.database.sessions()
        try:
            arrived = rows_in_utc(self.database.url)
        except psycopg.errors.UndefinedTable:
            arrived = []
        self._arrived = len(arrived)
        if arrived and arrived != self._expected:
            self.result.lost["new ledger"] = f"{len(arrived):,} of {_ROWS:,} rows are there: neither all nor none"
        if rows_in_utc(self._source) != self._expected:
            self.result.lost["old ledger"] = "it changed"

    def has_begun(self) -> bool:
        """Return whether it was connected to the database."""
        return self._sessions > self._sessions_before

    def is_complete(self) -> bool:
        """Return whether all rows arrived."""
        return self._arrived == _ROWS

    def verify(self) -> None:
        """All rows arrived."""
        if not self.is_complete():
            self.result.lost["new ledger"] = f"{self._arrived:,} of {_ROWS:,} rows are there after the last run"
