"""`seeker-leads retention apply`: clocks, memory and odd values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.postgres.location import PostgresLocation
from seeker_leads_cli.retention.apply import now_of
from seeker_leads_cli.retention.database import connected
from tests.leads_table import LeadsTable, apply_in_a_program

if TYPE_CHECKING:
    import psycopg

#: Runs the tool, and prints its peak memory.
PEAK = """
import contextlib, io, json, resource
from seeker_leads_cli.main import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps({"peak_kib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
"""


@pytest.mark.parametrize(("minutes", "is_ours"), [(-5, True), (5, False)])
def test_earlier_of_both_clocks_counts(database_url: str, minutes: int, *, is_ours: bool) -> None:
    """Nothing is deleted while one of the two clocks says that it is too early."""
    ours = datetime.now(timezone.utc) + timedelta(minutes=minutes)
    with connected(PostgresLocation.parse("database_url", database_url)) as connection:
        assert (now_of(connection, lambda: ours) == ours) is is_ours


def test_memory_does_not_grow_with_the_table(empty_database: psycopg.Connection[Any], database_url: str) -> None:
    """A table of 100,000 rows needs no more memory than one of 100: the rows do not pass through the program."""
    peaks = []
    for rows in (100, 100_000):
        table = LeadsTable(empty_database, database_url)
        empty_database.execute(
            """INSERT INTO retention.leads ("leadId", "ingestionDate", ttl, "isErased", "contactRequest")
               SELECT i::text, now(), now() + interval '1 min' * (i - %s), i %% 5 = 0, '{"lastName": "x"}'
               FROM generate_series(1, %s) i""",
            [rows // 10, rows],
        )
        peaks.append(apply_in_a_program(table, PEAK)["peak_kib"])
        assert len(table.log) == rows // 10 + (rows - rows // 10) // 5
    assert peaks[1] - peaks[0] < 10 * 1024


def test_odd_members_of_a_call_are_left_or_nulled(empty_database: psycopg.Connection[Any], database_url: str) -> None:
    """An object without a phone number stays; a value that is not an object becomes null as a whole."""
    table = LeadsTable(empty_database, database_url)
    table.add(*(f"stays-{number}" for number in range(20)))
    for lead_id, call in {"without": '{"duration": 1}', "null": "null", "list": "[1]", "none": None}.items():
        table.add(lead_id, isErased=True, callDetails=call)
    table.apply()
    rows = table.rows
    assert [rows[each]["callDetails"] for each in ("without", "null", "list", "none")] == [{"duration": 1}, *[None] * 3]
    assert all(rows[each]["contactRequest"] is None for each in ("without", "null", "list", "none"))
