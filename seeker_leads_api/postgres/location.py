"""Parses the URL of a PostgreSQL database, and shows it in messages. Errors name the setting, never the password."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from seeker_leads_api.errors import SettingsError

DRIVERS = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


@dataclass(frozen=True, slots=True)
class PostgresLocation:
    """A database, and the schema of our tables if the URL names one: `?schema=...`."""

    setting: str  #: the setting with the URL
    url: URL = field(repr=False)  #: in SQLAlchemy's form
    schema: str | None

    @classmethod
    def parse(cls, setting: str, text: str) -> PostgresLocation:
        """Parse the value of a setting.

        Raises:
            SettingsError: it is not the URL of a PostgreSQL database.
        """
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            # The URL itself is not shown: any part of it may be the password.
            msg = f"`{setting}` is not a database URL: write postgresql://user:password@host/database"
            raise SettingsError(msg) from None
        if url.drivername not in DRIVERS:
            msg = f"`{setting}`: {url.drivername} is not supported: use postgresql://user:password@host/database"
            raise SettingsError(msg)
        return cls.of(setting, url, text)

    @classmethod
    def of(cls, setting: str, url: URL, text: str) -> PostgresLocation:
        """Return the location of a URL with one of the `DRIVERS`; `text` is what the setting says.

        Raises:
            SettingsError: a part of it is ambiguous.
        """
        # With a second @, what follows the first one counts as the host, which messages show.
        if text.count("@") > 1 or "@" in (url.database or ""):
            msg = f"`{setting}`: write @ in a user name or password as %40, / as %2F"
            raise SettingsError(msg)
        schema = url.query.get("schema")
        if schema is not None and (not isinstance(schema, str) or not schema.strip()):
            msg = f"`{setting}`: ?schema= takes the name of one schema"
            raise SettingsError(msg)
        url = url.difference_update_query(["schema"]).set(drivername="postgresql+psycopg")
        return cls(setting, url, schema)

    @property
    def shown(self) -> str:
        """The URL for messages, without password."""
        host = self.url.host or self.url.query.get("host")
        return URL.create(
            "postgresql",
            self.url.username,
            host=host if isinstance(host, str) else None,
            port=self.url.port,
            database=self.url.database,
        ).render_as_string()


def cause_of(error: SQLAlchemyError | OSError) -> tuple[str, str]:
    """Return the kind of the error and the driver's text, without SQL and its parameters."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return type(cause).__name__, " ".join(str(cause).split())
