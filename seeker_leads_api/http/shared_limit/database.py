"""The database of a shared limit. A table that is missing is made, by one of several runs that begin at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select

from seeker_leads_api.http.shared_limit.reservations import TABLE
from seeker_leads_api.postgres.connection import connect, keep_alive
from seeker_leads_api.postgres.schemas import find_schema

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seeker_leads_api.postgres.location import PostgresLocation

#: Any number will do that nobody else takes in the same database.
_CREATION_LOCK_ID = 0x5EE4_E41E_AD6
#: Nothing here outlives the runs: after a crash of the server the last moments do not matter, and a wait for its disk
#: would be a wait before each request.
_SESSION_SETTINGS = {"synchronous_commit": "off"}


def open_table(location: PostgresLocation) -> Connection:
    """Return a connection on which each statement counts at once and `TABLE` is there, in the schema of the limit.

    Raises:
        SettingsError: the URL cannot work.
        DBAPIError: the database cannot be reached, or the table cannot be made.
    """
    connection = connect(location, application_name="seeker-leads-rate-limit", isolation_level="AUTOCOMMIT")
    try:
        keep_alive(connection, _SESSION_SETTINGS)
        schema = find_schema(connection, location, table=TABLE.name, of="rate limit")
        connection.execution_options(schema_translate_map={None: schema})
        if not inspect(connection).has_table(TABLE.name, schema=schema):
            # CREATE TABLE IF NOT EXISTS is no protection: two at once fail on the catalog's own keys.
            connection.execute(select(func.pg_advisory_lock(_CREATION_LOCK_ID)))
            TABLE.create(connection, checkfirst=True)
            connection.execute(select(func.pg_advisory_unlock(_CREATION_LOCK_ID)))
    except BaseException:
        connection.close()
        raise
    return connection


def table_name(connection: Connection) -> str:
    """Return the table's name as SQL writes it on this connection."""
    schema = connection.get_execution_options()["schema_translate_map"][None]
    prefix = f"{connection.dialect.identifier_preparer.quote(schema)}." if schema else ""
    return f"{prefix}{TABLE.name}"
