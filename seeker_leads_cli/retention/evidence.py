"""The evidence: a table with one row for each deleted or erased lead, without personal data. Its format is a promise.

It is in the schema of the leads. Rows are never deleted.
"""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from seeker_leads_api.errors import SettingsError

NAME = "seeker_leads_erasure_log"


class Reason(str, Enum):
    """Why a lead was changed. A deletion replaces an erasure in the evidence; nothing replaces a deletion."""

    TTL = "ttl"  #: deleted: its `ttl` had passed
    GONE = "gone"  #: deleted: the API no longer had it
    ERASED = "erased"  #: the person had their data erased


def log_table(schema: str) -> sa.Table:
    """Return the definition of the table of evidence in a schema."""
    instant = sa.DateTime(timezone=True)
    return sa.Table(
        NAME,
        sa.MetaData(),
        sa.Column("lead_id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True, server_default=""),  # empty if the leads have no account
        sa.Column("reason", sa.Text, nullable=False),
        # When it became due: the `ttl` itself, when the tap read the erased lead, or when the API answered 404.
        sa.Column("first_seen_at", instant, nullable=False),
        sa.Column("applied_at", instant, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        schema=schema,
    )


def find_log(connection: sa.Connection, schema: str) -> sa.Table | None:
    """Return the table of evidence, or None if it does not exist yet.

    Raises:
        SettingsError: the table of this name has other columns.
    """
    log = log_table(schema)
    inspector = sa.inspect(connection)
    if not inspector.has_table(NAME, schema=schema):
        return None
    missing = {column.name for column in log.columns} - {each["name"] for each in inspector.get_columns(NAME, schema)}
    if missing:
        msg = (
            f"{schema}.{NAME} lacks {', '.join(sorted(missing))}, so it is not the evidence of this command: rename it"
        )
        raise SettingsError(msg)
    return log


def make_log(connection: sa.Connection, schema: str) -> sa.Table:
    """Return the table of evidence, and create it if it does not exist. Only one run at a time may do this.

    Raises:
        SettingsError: the table of this name has other columns.
    """
    found = find_log(connection, schema)
    if found is not None:
        return found
    log = log_table(schema)
    connection.execute(CreateTable(log))
    return log


def no_evidence(schema: str) -> sa.Subquery:
    """Return an empty table of evidence, for queries before the real one exists."""
    log = log_table(schema)
    columns = [sa.cast(sa.null(), column.type).label(column.name) for column in log.columns]
    return sa.select(*columns).where(sa.false()).subquery()
