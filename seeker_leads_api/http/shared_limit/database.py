"""The database of a shared limit. If several runs start at once, one of them creates a missing table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select

from seeker_leads_api.http.shared_limit.reservations import TABLE
from seeker_leads_api.postgres.connection import connect, keep_alive
from seeker_leads_api.postgres.schemas import find_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seeker_leads_api.postgres.location import PostgresLocation

#: An arbitrary number that nothing else uses in the same database.
_CREATION_LOCK_ID = 0x5EE4_E41E_AD6
#: The data is needed only during the runs: losing the last moments in a server crash does no harm, and waiting for the
#: server's disk would delay each request.
_SESSION_SETTINGS = {"synchronous_commit": "off"}


def open_table(location: PostgresLocation) -> Connection:
    """Return a connection in autocommit mode, with `TABLE` in the schema of the limit.

    Raises:
        SettingsError: the URL cannot work.
        DBAPIError: the database cannot be reached, or the table cannot be created.
    """
    connection = connect(location, application_name="seeker-leads-rate-limit", isolation_level="AUTOCOMMIT")
    try:
        keep_alive(connection, _SESSION_SETTINGS)
        schema = find_schema(connection, location, table=TABLE.name, of="rate limit")
        connection.execution_options(schema_translate_map={None: schema})
        if not inspect(connection).has_table(TABLE.name, schema=schema):
            # CREATE TABLE IF NOT EXISTS is not enough: two at the same time fail on the catalog's own keys.
            connection.execute(select(func.pg_advisory_lock(_CREATION_LOCK_ID)))
            TABLE.create(connection, checkfirst=True)
            connection.execute(select(func.pg_advisory_unlock(_CREATION_LOCK_ID)))
    except BaseException:
        connection.close()
        raise
    return connection


def table_name(connection: Connection) -> str:
    """Return the table's name in SQL on this connection."""
    schema = connection.get_execution_options()["schema_translate_map"][None]
    prefix = f"{connection.dialect.identifier_preparer.quote(schema)}." if schema else ""
    return f"{prefix}{TABLE.name}"
