"""Connections to PostgreSQL that stay open for a whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext

    from seeker_leads_api.postgres.location import PostgresLocation

_CONNECT_TIMEOUT_SECONDS = 30
#: A server that disappeared is noticed within a minute; by default, most systems wait for two hours.
_NETWORK_OPTIONS = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}

#: The server must also detect a machine that disappeared (by default after two hours), must not end an idle session,
#: and must not let a frozen process keep rows locked.
_SESSION_SETTINGS = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "idle_session_timeout": "0",
    "idle_in_transaction_session_timeout": "60000",
}


def connect(
    location: PostgresLocation,
    *,
    application_name: str,
    isolation_level: str = "READ COMMITTED",  # a statement that waited for a row must see the other's changes
    read_only: bool = False,
) -> Connection:
    """Return a new connection.

    Raises:
        SettingsError: the driver is not installed, or the URL has options that it does not support.
        DBAPIError: the database cannot be reached.
    """
    arguments: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
        "application_name": application_name,
        **_NETWORK_OPTIONS,
    }
    try:
        engine = create_engine(
            location.url,
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level=isolation_level,
            execution_options={"postgresql_readonly": True} if read_only else {},
            connect_args={name: value for name, value in arguments.items() if name not in location.url.query},
        )
        event.listen(engine, "handle_error", _discard_if_interrupted)
        return engine.connect()
    except ImportError:
        msg = (
            f"`{location.setting}`: PostgreSQL needs a driver: install singer-seeker-leads[postgres], in Meltano as"
            " `pip_url`"
        )
        raise SettingsError(msg) from None
    except (ArgumentError, ValueError):
        # The error texts quote the URL, and any part of it may be the password.
        msg = f"`{location.setting}`: it contains an unknown option, usually after the ?: remove it"
        raise SettingsError(msg) from None


def _discard_if_interrupted(context: ExceptionContext) -> None:
    """Close a connection whose statement an exception of a signal handler ended: a rollback would fail, and hide it."""
    if context.sqlalchemy_exception is None:
        context.is_disconnect = True


def keep_alive(connection: Connection, more: Mapping[str, str] | None = None) -> None:
    """Apply the session's settings, in a transaction; `more` adds further ones."""
    # Server versions support different settings; unsupported ones are skipped.
    setting = text("SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :name")
    for name, value in {**_SESSION_SETTINGS, **(more or {})}.items():
        connection.execute(setting, {"name": name, "value": value})
