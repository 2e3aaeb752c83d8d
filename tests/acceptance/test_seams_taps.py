"""Other taps with our target: each row becomes the right lead, whatever its source."""

from __future__ import annotations

import csv
import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import PROJECT
from tests.singer_input import lead

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from seeker_leads_sandbox import Sandbox
    from tests.user_programs import Ended, TargetProgram

TEXT = "Élodie-Ñandú 🏠 \"b\", 'c'; \\ \t\n\u2028 日本語 עברית % $$ {x}"
ROWS = [
    lead(1),
    lead(2, last_name="Éloïse-Martin", message=TEXT),
    lead(3, created_at="2026-11-20T10:15:00+01:00"),
    lead(4, first_name="Anne Marie", gender="female", language="fr"),
]
BAD = lead(5, email="not an address")
COLUMNS = list(dict.fromkeys(name for row in [*ROWS, BAD] for name in row))


def wanted(row: dict[str, Any]) -> dict[str, Any]:
    """Return the expected lead of a row, computed independently; without its date, whose form depends on the source."""
    found = {
        "lastName": row["last_name"],
        "email": row["email"],
        "message": row["message"],
        "phoneNumbers": [{"number": row["mobile"], "type": "MOBILE"}],
        "classifiedId": row["classified_id"],
    }
    if "first_name" in row:
        found |= {"firstName": row["first_name"], "gender": row["gender"].upper(), "language": row["language"].upper()}
    return found


def as_csv(folder: Path, database: psycopg.Connection, url: str) -> dict[str, Any]:  # noqa: ARG001  # as the others
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows([*ROWS, BAD])
    files = [{"path": str(folder / "leads.csv"), "format": "csv", "table_name": "leads", "primary_keys": ["id"]}]
    return {"files": files}


def as_table(folder: Path, database: psycopg.Connection, url: str) -> dict[str, Any]:  # noqa: ARG001  # as the others
    columns = ", ".join("id integer PRIMARY KEY" if name == "id" else f"{name} text" for name in COLUMNS)
    columns = columns.replace("created_at text", "created_at timestamptz")
    database.execute("DROP TABLE IF EXISTS crm_lead CASCADE")
    database.execute(f"CREATE TABLE crm_lead ({columns})".encode())
    for row in [*ROWS, BAD]:
        names, places = ", ".join(row), ", ".join(["%s"] * len(row))
        database.execute(f"INSERT INTO crm_lead ({names}) VALUES ({places})".encode(), list(row.values()))  # noqa: S608  # our own names
    # The tap requires host and password, although this database uses a socket and no password: the query decides.
    # The application name makes the URL unique: Meltano stores catalogs by URL, and other tests have other tables.
    url = url.replace("postgres:@/", "postgres:none@localhost/") + "&application_name=seams"
    return {"sqlalchemy_url": url, "_select": '["public-crm_lead.*"]'}


def as_json_lines(folder: Path, database: psycopg.Connection, url: str) -> dict[str, Any]:  # noqa: ARG001  # as above
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [*ROWS, BAD])
    (folder / "leads.jsonl").write_text(lines, "utf-8")
    return {"path": str(folder / "leads.jsonl"), "stream_name": "leads", "primary_keys": ["id"]}


def meltano_run(
    meltano: Callable[..., Ended], target: TargetProgram, account: Sandbox, name: str, settings: dict[str, Any]
) -> None:
    environment = {f"{name.upper().replace('-', '_')}_{setting.upper()}": value for setting, value in settings.items()}
    ended = meltano(
        "run",
        name,
        "target-seeker-leads",
        TARGET_SEEKER_LEADS_API_URL=account.api_url,
        TARGET_SEEKER_LEADS_LEDGER_URL=f"sqlite:///{target.ledger_path}",
        TARGET_SEEKER_LEADS_REJECTS_PATH=str(target.rejects_path),
        **environment,
    )
    assert ended.status == 0, ended.stderr[-3000:]


def pipe(
    meltano: Callable[..., Ended],  # noqa: ARG001  # as the other way
    target: TargetProgram,
    account: Sandbox,  # noqa: ARG001  # as above
    name: str,
    settings: dict[str, Any],
) -> None:
    """Run two programs, each in its own environment, connected by a pipe."""
    config = target.folder / "tap.json"
    config.write_text(json.dumps(settings))
    program = PROJECT / ".meltano" / "extractors" / name / "venv" / "bin" / name
    with subprocess.Popen(
        [program, "--config", config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=target.folder
    ) as tap:
        with target.start(stdin=tap.stdout) as running:
            stdout, _ = running.communicate(timeout=60)
        assert tap.wait(60) == 0
    assert running.returncode == 0, target.log[-3000:]
    assert all(json.loads(line) for line in stdout.splitlines())


SOURCES = {
    "tap-spreadsheets": (as_csv, pipe),
    "tap-postgres": (as_table, meltano_run),
    "tap-jsonl": (as_json_lines, pipe),
}


@pytest.mark.parametrize("name", SOURCES)
def test_rows_become_the_right_leads(  # noqa: PLR0913, PLR0917  # what pytest gives
    meltano: Callable[..., Ended],
    account: Sandbox,
    target: TargetProgram,
    database: psycopg.Connection,
    database_url: str,
    name: str,
) -> None:
    """From a CSV file, a table or JSON lines, each good row is created once and unchanged, and a bad one is kept."""
    write, run = SOURCES[name]
    run(meltano, target, account, name, write(target.folder, database, database_url))
    created = {found["email"]: dict(found) for found in account.created}
    assert len(account.created) == len(created) == len(ROWS)
    for row in ROWS:
        found = created[row["email"]]
        assert found.pop("submittedDate").startswith("2026-11-20T")
        assert found == wanted(row)
    (letter,) = target.rejects
    assert letter["record"]["last_name"] == BAD["last_name"]
    assert [reason["field"] for reason in letter["reasons"]] == ["email"]
