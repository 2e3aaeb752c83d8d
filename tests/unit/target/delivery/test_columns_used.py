from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from target_seeker_leads.delivery.columns_used import ColumnsUsed, listed
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.mapping.date_times import DateReader
from target_seeker_leads.mapping.lead import read_lead

NOW = datetime(2026, 11, 23, tzinfo=timezone.utc)


def note(columns: ColumnsUsed, record: dict[str, Any], stream: str = "leads", keys: tuple[str, ...] = ()) -> None:
    source = Source(stream, keys, record, is_replay=False)
    columns.note(Incoming(stream, keys, record, source), read_lead(record, {}, DateReader(), NOW))


def test_columns_that_no_record_used_are_named_by_stream() -> None:
    """A column that one record used is used, and so is the key; each stream has its own line, in the source's order."""
    columns = ColumnsUsed(None)
    note(columns, {"id": 1, "ville": "Lyon", "nom": "Faÿ", "Date": "", "agent": "x"}, keys=("id",))
    note(columns, {"id": 2, "ville": "Lyon", "nom": "", "Date": "2026-11-05", "agent": "x"}, keys=("id",))
    note(columns, {"surname": "a", "nom": "b"}, stream="other")
    note(columns, {"nom": "a"}, stream="good")
    assert columns.lines() == [
        "Columns of `leads` that were not used: ville, agent",
        "Columns of `other` that were not used: nom",
    ]


def test_a_column_that_goes_second_is_used_where_it_goes_first() -> None:
    """A column is unused only if another one took precedence in every record."""
    columns = ColumnsUsed(None)
    note(columns, {"surname": "a", "nom": "b"})
    assert columns.lines()
    note(columns, {"surname": "", "nom": "b"})
    assert columns.lines() == []


def test_what_a_stream_map_reads_is_used() -> None:
    """A column that an expression or a filter reads is not reported, even if the mapped record still holds it."""
    columns = ColumnsUsed({"leads": {"lastName": "record['Nom complet']", "__filter__": "etat == 'neuf'"}})
    note(columns, {"Nom complet": "a", "etat": "neuf", "ville": "Lyon", "lastName": "a"})
    assert columns.lines() == ["Columns of `leads` that were not used: ville"]


def test_memory_is_bounded() -> None:
    """A source whose column names differ in each record fills neither memory nor the log."""
    columns = ColumnsUsed(None)
    for number in range(3_000):
        note(columns, {f"column{number}": 1})
    (line,) = columns.lines()
    assert len(line) < 1_000
    assert line.endswith(" more")
    assert listed(["a", "b"]) == "a, b"


@pytest.mark.parametrize("value", ["jane@example.com", "06 39 98 00 01", "26ABCDEFGHJK"])
def test_first_lead_of_a_source_without_a_header_is_not_named(value: str) -> None:
    """If names of columns are the values of a lead, no name is logged, even one that looks like a name."""
    columns = ColumnsUsed(None)
    note(columns, {"Dupont": "Martin", value: "x"})
    (line,) = columns.lines()
    assert "[2 hidden, because" in line
    assert value not in line
    assert "Dupont" not in line
