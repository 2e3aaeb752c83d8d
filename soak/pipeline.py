"""A small pipeline of tap and loader: `python -m soak.pipeline FOLDER`, with `config.json` for the tap.

Like Meltano, it refuses a second run, and stores a STATE only after the rows that it covers are committed.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from tests.killed_runs import TAP
from tests.leads_table import JSON_COLUMNS, OTHER_COLUMNS, SCHEMA, LeadsTable

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Exit statuses of its own; otherwise it ends with the tap's.
ALREADY_RUNNING, NO_DATABASE = 70, 71
COLUMNS = {**OTHER_COLUMNS, **JSON_COLUMNS}
_NAMES = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
_UPSERT = sql.SQL('INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ("leadId") DO UPDATE SET ({}) = ROW ({})').format(
    sql.Identifier(SCHEMA, "leads"),
    _NAMES,
    sql.SQL(", ").join([sql.Placeholder()] * len(COLUMNS)),
    _NAMES,
    sql.SQL(", ").join(sql.SQL("EXCLUDED.{}").format(sql.Identifier(name)) for name in COLUMNS),
)


def prepare(folder: Path, url: str, config: dict[str, Any]) -> None:
    """Make the empty table, and the files that the pipeline reads."""
    with psycopg.connect(url) as database:
        LeadsTable(database, url, {**COLUMNS, "leadId": "text PRIMARY KEY"})
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "warehouse").write_text(url)


def load(lines: Iterable[bytes], database: psycopg.Connection[Any], folder: Path) -> None:
    """Load the tap's messages, and store each STATE in `state.json` and `states.jsonl`."""
    rows: list[list[Any]] = []
    seen: set[str] = set()
    twice = 0
    for line in lines:
        if not line.endswith(b"\n"):
            break  # a kill cut it off
        message = json.loads(line)
        if message["type"] == "RECORD":
            record = message["record"]
            twice += record["leadId"] in seen
            seen.add(record["leadId"])
            rows.append(_row({**record, "_sdc_extracted_at": message["time_extracted"]}))
        elif message["type"] == "STATE":
            with database.cursor() as cursor:
                cursor.executemany(_UPSERT, rows)
            database.commit()
            rows = []
            _store(folder, message["value"], twice)


def _row(record: dict[str, Any]) -> list[Any]:
    values = ((name, record[name]) for name in COLUMNS)
    return [json.dumps(value) if name in JSON_COLUMNS and value is not None else value for name, value in values]


def _store(folder: Path, state: dict[str, Any], twice: int) -> None:
    with (folder / "states.jsonl").open("a") as states:
        states.write(json.dumps({"state": state, "twice": twice}) + "\n")
    (folder / "state.new").write_text(json.dumps(state))
    (folder / "state.new").replace(folder / "state.json")


def main(folder: Path) -> int:
    """Run once; return the exit status."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return ALREADY_RUNNING
        command: list[str | Path] = [TAP, "--config", folder / "config.json"]
        state = folder / "state.json"
        command += ["--state", state] if state.exists() else []
        environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "LOGLEVEL": "DEBUG"}
        try:
            with (
                psycopg.connect((folder / "warehouse").read_text()) as database,
                subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as tap,
            ):
                assert tap.stdout
                load(tap.stdout, database, folder)
        except psycopg.Error:
            return NO_DATABASE
        return tap.returncode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
