"""A ledger in PostgreSQL has one schema, whatever the connection's `search_path` is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Status
from tests.ledger_tools import RETRY, claim, execute, settlement

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def url(empty_postgres: str) -> Iterator[str]:
    """A database with two empty schemas besides `public`."""
    for schema in ("one", "two"):
        execute(empty_postgres, f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}")
    yield empty_postgres
    for schema in ("one", "two"):
        execute(empty_postgres, f"DROP SCHEMA {schema} CASCADE")


def with_path(url: str, schema: str) -> str:
    return f"{url}&options=-csearch_path%3D{schema}"


def schemas_with_ledgers(url: str) -> list[str]:
    with psycopg.connect(url) as session:
        query = "SELECT schemaname FROM pg_tables WHERE tablename = 'seeker_leads_ledger' ORDER BY 1"
        return [schema for (schema,) in session.execute(query)]


def deliver(url: str, key: str) -> None:
    with Ledger.open(url, RETRY) as ledger:
        assert ledger.claim(claim(key)) is Decision.SEND
        ledger.settle(settlement(key, Status.DELIVERED))


def test_changed_search_path_makes_no_second_ledger(url: str) -> None:
    """If the `search_path` finds no ledger but another schema has one, the run ends and names it."""
    deliver(with_path(url, "one"), "k")
    for read_only in (False, True):
        with pytest.raises(SettingsError, match=r"schema `one`.*\?schema=one"):
            Ledger.open(with_path(url, "two"), RETRY, read_only=read_only)
    assert schemas_with_ledgers(url) == ["one"]


@pytest.mark.parametrize("path", ["one", "two", "public"])
def test_named_schema_counts_whatever_the_search_path(url: str, path: str) -> None:
    """`?schema=` selects the ledger, for reading and writing, and a new one is only created if it is named."""
    deliver(f"{url}&schema=one", "k")
    named = with_path(f"{url}&schema=one", path)
    with Ledger.open(named, RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SKIP_DELIVERED
        assert not ledger.is_new
        assert ledger.shown_location.endswith("schema one")
    with Ledger.open(named, RETRY, read_only=True) as ledger:
        assert ledger.peek(claim("k")) is Decision.SKIP_DELIVERED
    with Ledger.open(f"{url}&schema=two", RETRY) as ledger:
        assert ledger.is_new
        assert ledger.claim(claim("k")) is Decision.SEND
    assert schemas_with_ledgers(url) == ["one", "two"]


def test_ledger_of_the_search_path_goes_on(url: str) -> None:
    """A ledger that was found through the `search_path` is still found, even if others exist."""
    deliver(f"{url}&schema=one", "other")
    deliver(f"{url}&schema=two", "k")
    with Ledger.open(with_path(url, "two"), RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SKIP_DELIVERED


def test_search_path_that_changes_in_mid_run_changes_nothing(url: str) -> None:
    """A run stays in the schema in which it started."""
    with Ledger.open(with_path(url, "one"), RETRY) as ledger:
        assert ledger._session
        with ledger._session.connection.begin():
            ledger._session.connection.exec_driver_sql("SET search_path = two")
        assert ledger.claim(claim("k")) is Decision.SEND
        ledger.settle(settlement("k", Status.DELIVERED))
    with Ledger.open(with_path(url, "one"), RETRY) as ledger:
        assert ledger.claim(claim("k")) is Decision.SKIP_DELIVERED


@pytest.mark.parametrize("query", ["schema=a&schema=b", "schema=%20"])
def test_schema_without_a_name_is_refused(url: str, query: str) -> None:
    """`?schema=` names one schema."""
    with pytest.raises(SettingsError, match=r"`ledger_url`: \?schema="):
        Ledger.open(f"{url}&{query}", RETRY)
