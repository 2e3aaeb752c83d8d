"""Names that SQL, a driver or a terminal could misread: tables, columns and schemas are only ever names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql

from tests.leads_table import NAME, SCHEMA, LeadsTable

if TYPE_CHECKING:
    import psycopg

_NAMES = ['le"ads', "le'ads", "Le ads", "a.b", '"; DROP TABLE safe; --', "a%b", "%(x)s", ":name", "{x}\\", "$1", "user"]


def quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))


@pytest.fixture
def leads(empty_database: psycopg.Connection[Any], database_url: str) -> LeadsTable:
    table = LeadsTable.flat(empty_database, database_url)
    table.fill()
    return table


@pytest.mark.parametrize("name", [*_NAMES, "\u202eleads\x1b[31m", "l" * 63])
def test_table_with_an_odd_name(leads: LeadsTable, name: str) -> None:
    """A quoted name means the table of that name, and is shown without effect on a terminal."""
    leads.database.execute(sql.SQL("CREATE TABLE retention.safe ()"))
    leads.database.execute(f"ALTER TABLE retention.leads RENAME TO {quoted(name)}".encode())
    ended = leads.run("apply", "--table", f"{SCHEMA}.{quoted(name)}")
    leads.run("report", "--table", f"{SCHEMA}.{quoted(name)}")
    leads.database.execute(f"ALTER TABLE retention.{quoted(name)} RENAME TO leads".encode())
    assert "over" not in leads.rows
    assert NAME not in str(leads.rows["gone"])
    assert [char for char in ended.output if not (char.isprintable() or char == "\n")] == []
    assert leads.database.execute("SELECT to_regclass('retention.safe')").fetchone() != (None,)


def test_columns_with_odd_names(leads: LeadsTable) -> None:
    """Personal columns are emptied whatever their names; others stay."""
    personal, other = [f"contactRequest__{name}" for name in _NAMES], 'x"y:z%(q)s'
    for column in (*personal, other):
        leads.database.execute(f"ALTER TABLE retention.leads ADD {quoted(column)} text DEFAULT 'kept'".encode())
    leads.apply()
    row = leads.rows["gone"]
    assert {row[column] for column in personal} == {None}
    assert row[other] == "kept"
    assert leads.rows["stays-1"][personal[0]] == "kept"


@pytest.mark.parametrize("table", ["a\0b", "a.\udcff", "", ".", '""', "a.b.c", '"a', 'a"b', "leads; DROP TABLE leads"])
def test_what_is_not_a_name_is_refused(leads: LeadsTable, table: str) -> None:
    """The message shows how to write a name."""
    if table == "leads; DROP TABLE leads":
        assert "does not exist" in leads.run("apply", "--table", table, status=2).stderr
    else:
        assert "write schema.table" in leads.run("apply", "--table", table, status=2).stderr
    assert len(leads.rows) == 12
