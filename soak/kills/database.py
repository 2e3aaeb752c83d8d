"""A database in PostgreSQL, and whether a program was connected to it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

if TYPE_CHECKING:
    from typing_extensions import Self

_PATIENCE_SECONDS = 300.0
_PAUSE_SECONDS = 0.002


class Database:
    """An own database of a server, for one try at a time."""

    def __init__(self, server_url: str, name: str) -> None:
        self._server = psycopg.connect(server_url, autocommit=True)
        self._server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self._name = name
        start, _, end = server_url.partition("?")
        self.url = f"{start.rpartition('/')[0]}/{name}" + (f"?{end}" if end else "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection to the database, which the caller closes."""
        return psycopg.connect(self.url, autocommit=True)

    def drop_ledger(self) -> None:
        """Remove the ledger's tables."""
        with self.connect() as session:
            session.execute("SET client_min_messages = error")
            session.execute("DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")

    def has(self, table: str) -> bool:
        """Return whether there is such a table."""
        with self.connect() as session:
            ((found,),) = session.execute("SELECT to_regclass(%s) IS NOT NULL", [table])
        return bool(found)

    def sessions(self) -> int:
        """Wait until nobody is connected, and return how many sessions there have ever been.

        The server notices only after a moment that a client was killed, and may still commit what it was told to.
        """
        query = """
            SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = %(name)s),
                   (SELECT sessions FROM pg_stat_database WHERE datname = %(name)s)
        """
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until:
            ((connected, ever),) = self._server.execute(query, {"name": self._name})
            if not connected:
                return int(ever)
            time.sleep(_PAUSE_SECONDS)
        message = f"the database still has a session after {_PATIENCE_SECONDS:g} s"
        raise TimeoutError(message)
