"""Inbound: leads from the API into PostgreSQL."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from demo.facts import Table, Transfer
from demo.parts import BIN, PROJECT, meltano, say

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

PIPELINE = ("tap-seeker-leads", "target-postgres")
STATE_ID = f"local:{PIPELINE[0]}-to-{PIPELINE[1]}"

CATEGORIES = ("CLASSIFIED", "AGENCY", "PROPERTY_SEARCH", "CALL_TRACKING")
COUNTS = f'''
    SELECT coalesce("portal", 'all portals'), count(*),
           {", ".join(f"""count(*) FILTER (WHERE "leadCategory" = '{name}')""" for name in CATEGORIES)}
    FROM seeker_leads_local.leads GROUP BY ROLLUP ("portal") ORDER BY count(*) DESC
'''  # noqa: S608  # only the names above
DAYS = """
    SELECT "ingestionDate"::date, "portal", count(*) FROM seeker_leads_local.leads
    WHERE "ingestionDate" > now() - interval '30 days' GROUP BY 1, 2
"""
ROWS = """
    SELECT "ingestionDate", "portal", "leadCategory", "contactRequest"->>'lastName',
           left("contactRequest"->>'message', 40)
    FROM seeker_leads_local.leads WHERE "contactRequest"->>'lastName' IS NOT NULL ORDER BY "ingestionDate" DESC LIMIT 3
"""


def transfer(number: int, environment: dict[str, str], database: psycopg.Connection) -> Transfer:
    """Run the pipeline once."""
    before = count(database)
    _, seconds = meltano(environment, f"run-{number}.log", "run", *PIPELINE)
    new = count(database) - before
    say(f"  {new:,} new leads in {seconds:.1f} s")
    return Transfer(new, seconds)


def count(database: psycopg.Connection) -> int:
    """Return the number of leads in the table, 0 if there is no table yet."""
    row = database.execute("SELECT to_regclass('seeker_leads_local.leads')").fetchone()
    if row is None or row[0] is None:
        return 0
    row = database.execute("SELECT count(*) FROM seeker_leads_local.leads").fetchone()
    return int(row[0]) if row else 0


def bookmark(environment: dict[str, str]) -> str:
    """Return the bookmark that Meltano stores for the next run."""
    command: list[str | Path] = [BIN / "meltano", "--log-level", "error", "state", "get", STATE_ID]
    state = json.loads(subprocess.check_output(command, env=environment, cwd=PROJECT))  # noqa: S603  # our own command
    return str(state["singer_state"]["bookmarks"]["leads"]["replication_key_value"])


def table(database: psycopg.Connection, bookmark: str) -> Table:
    """Return what the database contains."""
    return Table(
        database.execute(COUNTS).fetchall(),
        {(day, portal): count for day, portal, count in database.execute(DAYS)},
        database.execute(ROWS).fetchall(),
        bookmark,
    )


def show(table: Table) -> None:
    """Print what arrived in the database."""
    heading = ("portal", "leads", *CATEGORIES)
    print()
    for row in (heading, *table.portals):
        cells = (f"{cell:>{max(len(name), 6) + 2}}" for name, cell in zip(heading[1:], row[1:], strict=True))
        print(f"  {row[0]:<12}{''.join(cells)}")
    print("\n  The three newest leads (invented people):")
    for instant, portal, category, name, message in table.newest:
        print(f"  {instant:%Y-%m-%d %H:%M:%S}  {portal}  {category:<15}  {name:<12}  {message!r}…")
    print(f"\n  Bookmark, the instant up to which all leads are read: {table.bookmark}\n")
