"""The evidence: a table beside the leads, one line a lead for ever, without personal data. Its form is a promise."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from seeker_leads_api.errors import SettingsError

NAME = "seeker_leads_erasure_log"


class Reason(str, Enum):
    """Why a lead was changed. A deletion takes the place of an erasure, and nothing takes the place of a deletion."""

    TTL = "ttl"  #: deleted: its life was over
    GONE = "gone"  #: deleted: the API said that there is no such lead
    ERASED = "erased"  #: the person had their data erased


def log_table(schema: str) -> sa.Table:
    """Return the table of evidence beside the leads of a schema."""
    instant = sa.DateTime(timezone=True)
    return sa.Table(
        NAME,
        sa.MetaData(),
        sa.Column("lead_id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True, server_default=""),  # empty where the leads have none
        sa.Column("reason", sa.Text, nullable=False),
        # When it was due: of `ttl` that instant, of `erased` when the tap brought it, of `gone` when the API said so.
        sa.Column("first_seen_at", instant, nullable=False),
        sa.Column("applied_at", instant, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        schema=schema,
    )


def find_log(connection: sa.Connection, schema: str) -> sa.Table | None:
    """Return the table of evidence, or None where there is none yet.

    Raises:
        SettingsError: a table of that name is something else.
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
    """Return the table of evidence, made if need be. Only one run at a time may do this.

    Raises:
        SettingsError: as `find_log`.
    """
    found = find_log(connection, schema)
    if found is not None:
        return found
    log = log_table(schema)
    connection.execute(CreateTable(log))
    return log


def no_evidence(schema: str) -> sa.Subquery:
    """Return what is as a table of evidence without a line, to read before there is one."""
    log = log_table(schema)
    columns = [sa.cast(sa.null(), column.type).label(column.name) for column in log.columns]
    return sa.select(*columns).where(sa.false()).subquery()
