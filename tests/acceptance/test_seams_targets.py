"""The tap's output in other targets, read back by a query: same count, same values, nested fields intact."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import PROJECT
from tests.user_programs import BIN, Ended

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from seeker_leads_sandbox import Sandbox

Rows = dict[str, dict[str, Any]]

COLUMNS = [
    "leadId",
    "ingestionDate",
    "portal",
    "ttl",
    "leadCategory",
    "seekerIntention",
    "contactRequest",
    "property",
    "project",
    "distributionType",
    "callDetails",
    "extra",
]
MOMENTS = {"ingestionDate", "ttl"}
TEXT = "Élodie-Ñandú 🏠 \"b\", 'c'; \\ \t\n\u2028 日本語 עברית \u0001 % $$ {x}"


def odd_leads(now: int) -> list[dict[str, Any]]:
    """Return leads that could cause errors in a target."""
    metadata = {"portal": "SLG-FRA", "TTL": now + 1000, "leadCategory": "CLASSIFIED"}
    bodies: dict[str, dict[str, Any]] = {
        "unicode": {"contactRequest": {"lastName": TEXT, "message": TEXT * 20, "phoneNumbers": []}},
        "erased": {"contactRequest": {"lastName": None, "email": None, "message": None, "phoneNumbers": None}},
        "nothing": {},
        "nulls": {"contactRequest": None, "property": None, "project": None, "callDetails": None},
        "nested": {
            "contactRequest": {"phoneNumbers": [{"type": "MOBILE", "number": "1", "verified": True}] * 3},
            "property": {"classifiedId": "26ABCDEFGHJK", "rooms": {"min": 1, "of": [{"a": [1, [2]]}, None, TEXT]}},
        },
        "unknown": {"contactRequest": {"nickname": "Z"}, "visit": {"slots": [{"at": "10:00", "who": TEXT}]}},
    }
    return [
        {"metadata": {**metadata, "leadId": lead_id, "ingestionDate": now - 3600 - number}, **body}
        for number, (lead_id, body) in enumerate(bodies.items())
    ]


def expected(account: Sandbox) -> Rows:
    """Return the API's leads as the tap's columns, computed independently of the tap's code."""
    rows: Rows = {}
    for lead in account.store.all():
        known = dict(lead)
        metadata = known.pop("metadata")
        row = {name: known.pop(name, metadata.get(name)) for name in COLUMNS}
        row["ingestionDate"], row["ttl"] = metadata["ingestionDate"], metadata["TTL"]
        row["extra"] = known or None
        # The tap replaces control characters, which PostgreSQL may refuse.
        rows[row["leadId"]] = json.loads(json.dumps(row).replace(r"\u0001", r"\ufffd"))
    return rows


def seconds(moment: Any) -> int:
    """Return Unix seconds for any target's form of an instant; one without a zone is UTC."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp())


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with instants in Unix seconds, and with JSON parsed if the target stores it as text."""
    found = {name: row.get(name) for name in COLUMNS}
    for name in MOMENTS:
        found[name] = seconds(found[name])
    for name in ("contactRequest", "property", "project", "distributionType", "callDetails", "extra"):
        value = found[name]
        found[name] = json.loads(value) if isinstance(value, str) else value
    return found


def read_postgres(folder: Path, database: psycopg.Connection) -> list[dict[str, Any]]:  # noqa: ARG001  # as the others
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    rows = database.execute(f"SELECT {names} FROM seeker_leads_local.leads").fetchall()  # noqa: S608  # our own names
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def read_duckdb(folder: Path, database: psycopg.Connection) -> list[dict[str, Any]]:  # noqa: ARG001  # as the others
    query = (
        "import duckdb, json, sys\n"
        "found = duckdb.connect(sys.argv[1]).execute('SELECT * FROM seeker_leads_local.leads')\n"
        "names = [column[0] for column in found.description]\n"
        "print(json.dumps([dict(zip(names, row)) for row in found.fetchall()], default=str))\n"
    )
    python = PROJECT / ".meltano" / "loaders" / "target-duckdb" / "venv" / "bin" / "python"
    found = json.loads(subprocess.check_output([python, "-c", query, folder / "leads.duckdb"], text=True))
    spelling = {name.lower(): name for name in COLUMNS}
    return [{spelling.get(name, name): value for name, value in row.items()} for row in found]


TARGETS: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "target-postgres": read_postgres,
    "target-duckdb": read_duckdb,
}


@pytest.mark.parametrize("name", TARGETS)
def test_stored_leads_equal_the_apis(  # noqa: PLR0913, PLR0917  # what pytest gives
    meltano: Callable[..., Ended],
    account: Sandbox,
    database: psycopg.Connection,
    database_url: str,
    tmp_path: Path,
    name: str,
) -> None:
    """Each lead is stored once with every value from the API, whatever characters, nulls and nesting it has."""
    account.add_leads(leads=odd_leads(int(time.time())))
    ended = meltano(
        "run",
        "tap-seeker-leads",
        name,
        TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
        TARGET_DUCKDB_PATH=str(tmp_path / "leads.duckdb"),
    )
    assert ended.status == 0, ended.stderr[-3000:]
    rows = [plain(row) for row in TARGETS[name](tmp_path, database)]
    wanted = expected(account)
    assert len(wanted) == 256
    counts = Counter(row["leadId"] for row in rows)
    assert set(counts) == set(wanted)
    assert set(counts.values()) == {1}
    for row in rows:
        assert row == wanted[row["leadId"]], row["leadId"]


@pytest.mark.usefixtures("meltano_plugins")
def test_pipe_of_two_programs(tap: Callable[..., Ended], tmp_path: Path, account: Sandbox) -> None:
    """It also works without Meltano: target-jsonl reads the tap's stdout, and returns the tap's last STATE."""
    account.add_leads(leads=odd_leads(int(time.time())))
    ended = tap()
    assert ended.status == 0, ended.stderr[-3000:]
    (tmp_path / "target.json").write_text(json.dumps({"destination_path": str(tmp_path)}))
    loader = PROJECT / ".meltano" / "loaders" / "target-jsonl" / "venv" / "bin" / "target-jsonl"
    loaded = subprocess.run(
        [loader, "--config", tmp_path / "target.json"],
        input=ended.stdout.encode(),
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"},
    )
    # Only \n ends a line: a U+2028 within a text does not.
    messages = [json.loads(line) for line in ended.stdout.split("\n") if line]
    states = [message["value"] for message in messages if message["type"] == "STATE"]
    assert json.loads(loaded.stdout.splitlines()[-1]) == states[-1]
    (file,) = tmp_path.glob("leads*.jsonl")
    rows = [plain(json.loads(line)) for line in file.read_text("utf-8").split("\n") if line]
    assert {row["leadId"]: row for row in rows} == expected(account)
    assert len(rows) == 256  # including the seams of windows: this target has no keys
