"""The schema of our tables: a changed `search_path` must not create a second, empty set of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from seeker_leads_api.postgres.location import PostgresLocation

#: The schemas with the table; the first is the one that the connection's `search_path` leads to.
_FOUND = text(
    """
    SELECT n.nspname, pg_table_is_visible(c.oid) AS is_visible
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = :table AND c.relkind IN ('r', 'p', 'v') AND n.nspname NOT LIKE 'pg_temp%'
    ORDER BY is_visible DESC, n.nspname
    """
)


def find_schema(connection: Connection, location: PostgresLocation, *, table: str, of: str) -> str | None:
    """Return the schema that has the table or should have it; `of` is the users' name for it, such as `ledger`.

    Raises:
        SettingsError: the URL names no schema, and the table exists only outside the `search_path`.
    """
    if location.schema:
        return location.schema
    found = connection.execute(_FOUND, {"table": table}).all()
    if found and found[0].is_visible:
        return str(found[0].nspname)
    if found:
        names = ", ".join(f"`{row.nspname}`" for row in found)
        msg = (
            f"`{location.setting}`: the connection's search_path finds no {of}, but schema"
            f" {names} of this database has one: add ?schema={found[0].nspname} to the URL to use it, or ?schema= with"
            " another name to create one"
        )
        raise SettingsError(msg)
    schema: str | None = connection.execute(text("SELECT current_schema()")).scalar_one()
    return schema
