"""Checks the ledger: whether it can be opened, its format, and its number of rows."""

from __future__ import annotations

import os

from sqlalchemy import func, select

from seeker_leads_cli.doctor.check import Check, attempt
from seeker_leads_cli.doctor.folders import can_be_made
from seeker_leads_cli.ledger.sessions import database_errors, open_if_exists
from target_seeker_leads.ledger.location import Location
from target_seeker_leads.ledger.migrations import LATEST_FORMAT
from target_seeker_leads.ledger.tables import LEDGER

_NAME = "ledger"


def check_ledger(url: str) -> Check:
    """Check the ledger without creating or changing anything."""
    return attempt(_NAME, lambda: _look(Location.parse(url)))


def _look(location: Location) -> Check:
    with open_if_exists(location) as session:
        if session is None:
            return _not_there(location)
        with database_errors(session, "read"), session.connection.begin():
            rows: int = session.connection.execute(select(func.count()).select_from(LEDGER)).scalar_one()
        version = session.version
    path = location.path
    if path is not None and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
        return Check(
            _NAME, is_ok=False, says=f"{location.shown} cannot be written: make the file and its folder writable"
        )
    older = "" if version == LATEST_FORMAT else f", which the next run migrates to {LATEST_FORMAT}"
    return Check(_NAME, is_ok=True, says=f"{location.shown}, format {version}{older}, {rows:,} rows")


def _not_there(location: Location) -> Check:
    if location.path is not None and not can_be_made(location.path):
        says = f"{location.shown} cannot be created: make its folder writable, or change `ledger_url`"
        return Check(_NAME, is_ok=False, says=says)
    return Check(_NAME, is_ok=True, says=f"{location.shown} will be created by the first run")
