"""Migrates the ledger from each format to the next, in the transaction that opens the ledger.

A step keeps the meaning of every row. It works on the tables of its own version, so it names columns itself:
`tables.py` only knows the latest format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection


def _from_1_to_2(connection: Connection, table: str) -> None:
    """Add the columns that limit resends, and those that recognise a lead that the tap reads back."""
    instant = "DATETIME" if connection.dialect.name == "sqlite" else "TIMESTAMP WITH TIME ZONE"
    for column in ("destination VARCHAR(64)", "fingerprint VARCHAR(64)", f"first_tried_at {instant}"):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))
    connection.execute(text(f"CREATE INDEX seeker_leads_ledger_fingerprint ON {table} (fingerprint)"))
    # Format 1 did not store the first try, only a time by which the lead was sent.
    open_ones = f"UPDATE {table} SET first_tried_at = updated_at WHERE status IN ('sending', 'unknown')"  # noqa: S608  # no value is in it
    connection.execute(text(open_ones))


#: A format -> the step to the next one.
STEPS: Mapping[int, Callable[[Connection, str], None]] = {1: _from_1_to_2}
LATEST_FORMAT = 2


def migrate(connection: Connection, table: str, version: int) -> None:
    """Migrate a ledger from its format to the latest, step by step; `table` is its name as SQL writes it."""
    for step in range(version, LATEST_FORMAT):
        STEPS[step](connection, table)
