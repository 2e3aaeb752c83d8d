"""Finds the schema of a ledger in PostgreSQL: a changed `search_path` must not start a second, empty ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from target_seeker_leads.ledger.location import Location

#: The schemas with a ledger; the first is the one that the connection's `search_path` leads to.
_FOUND = text(
    """
    SELECT n.nspname, pg_table_is_visible(c.oid) AS is_visible
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'seeker_leads_ledger_version' AND c.relkind IN ('r', 'p', 'v') AND n.nspname NOT LIKE 'pg_temp%'
    ORDER BY is_visible DESC, n.nspname
    """
)


def find_schema(connection: Connection, location: Location) -> str | None:
    """Return the schema of the ledger, or of the one to create; None in SQLite.

    Raises:
        SettingsError: the URL names none, the `search_path` leads to none with a ledger, and there is one elsewhere.
    """
    if location.url is None:
        return None
    if location.schema:
        return location.schema
    found = connection.execute(_FOUND).all()
    if found and found[0].is_visible:
        return str(found[0].nspname)
    if found:
        names = ", ".join(f"`{row.nspname}`" for row in found)
        msg = (
            f"`ledger_url`: the connection's search_path leads to no ledger, but there is one in schema {names} of this"
            f" database: add ?schema={found[0].nspname} to the URL to use it, or ?schema= and another name to begin one"
        )
        raise SettingsError(msg)
    schema: str | None = connection.execute(text("SELECT current_schema()")).scalar_one()
    return schema
