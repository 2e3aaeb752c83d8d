"""How tables and databases are written."""

from __future__ import annotations

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.retention.database import parse_url, split_name


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("leads", ["leads"]),
        ("seeker_leads.leads", ["seeker_leads", "leads"]),
        (' "a.b"."c""d" ', ["a.b", 'c"d']),
        ('a."B c"', ["a", "B c"]),
    ],
)
def test_names_of_tables(written: str, parts: list[str]) -> None:
    """A part in double quotes may hold anything."""
    assert split_name(written) == parts


@pytest.mark.parametrize("written", ["", ".", "a.", ".a", "a.b.c", 'a"b', '"a', '""', '"a"b'])
def test_other_names_are_refused(written: str) -> None:
    """None is guessed."""
    with pytest.raises(SettingsError, match="`table`: write"):
        split_name(written)


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_urls(scheme: str) -> None:
    """Over a socket too; the driver is always the one that the extra installs."""
    url = parse_url(f"{scheme}://user:p%40ss@/db?host=/run/postgresql")
    assert (url.drivername, url.database, url.query["host"]) == ("postgresql+psycopg", "db", "/run/postgresql")


@pytest.mark.parametrize(
    "text", ["postgres", "postgres://h/db", "postgresql+psycopg2://h/db", "sqlite://", "mysql://h/d"]
)
def test_other_databases_are_refused(text: str) -> None:
    """With what to write."""
    with pytest.raises(SettingsError, match="`database_url`"):
        parse_url(text)
