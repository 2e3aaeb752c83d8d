"""The programs that send records to `POST /leads`: how each is started, and where it takes them from."""

from __future__ import annotations

import csv
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.comparison.readers import PEERS
from benchmarks.inputs import BIN, TOKEN, json_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.contenders import Command

_COLUMNS = ("id", "last_name", "email", "phone", "message", "classified_id", "submitted_date")
_WRONG_EMAIL = "none"


@dataclass(frozen=True, slots=True)
class SendTask:
    """Records to send, with as many attempts as it takes."""

    api_url: str
    folder: Path
    rows: Sequence[Mapping[str, str]]
    database_url: str | None  #: of drt
    environment: Path | None  #: with the peers


@dataclass(frozen=True, slots=True)
class Call:
    """How a program is started."""

    command: Command
    variables: Mapping[str, str]
    cwd: Path


@dataclass(frozen=True, slots=True)
class Sender:
    """One program that sends records; `prepare` makes what it needs, once for all attempts."""

    title: str
    prepare: Callable[[SendTask], Call]
    is_ours: bool = False


def invented_rows(count: int, *, wrong: int = 0) -> list[dict[str, str]]:
    """Return rows of invented people, all different; this many, spread evenly, have an e-mail that the API refuses."""
    every = count // wrong if wrong else count + 1
    return [
        {
            "id": str(number),
            "last_name": f"Essai{number}",
            "email": _WRONG_EMAIL if number % every == 0 else f"person{number}@example.com",
            "phone": f"+33 6 39 98 {number // 100 % 100:02} {number % 100:02}",
            "message": f"Bonjour, ce bien est-il disponible ? ({number})",
            "classified_id": "26ABCDEFGHJK",
            "submitted_date": "2026-11-20T09:15:00+01:00",
        }
        for number in range(1, count + 1)
    ]


def _ours(task: SendTask, on_unknown_outcome: str) -> Call:
    file = task.folder / "leads.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, _COLUMNS)
        writer.writeheader()
        writer.writerows(task.rows)
    settings = {
        "api_url": task.api_url,
        "auth_token": TOKEN,
        "ledger_url": f"sqlite:///{task.folder / 'ledger.db'}",
        "rejects_path": str(task.folder / "rejects.jsonl"),
        "on_unknown_outcome": on_unknown_outcome,
    }
    config = json_file(task.folder / "config.json", settings)
    return Call([BIN / "seeker-leads", "send", file, "--key", "id", "--config", config], {}, task.folder)


def _drt(task: SendTask, sync: str) -> Call:
    if task.environment is None or task.database_url is None:
        message = "drt needs the environment of the peers and a database"
        raise ValueError(message)
    with psycopg.connect(task.database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS _drt CASCADE")
        connection.execute("DROP TABLE IF EXISTS outgoing")
        connection.execute(
            "CREATE TABLE outgoing (id integer PRIMARY KEY, last_name text, email text, phone text, message text,"
            " classified_id text, submitted_date text)"
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO outgoing VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [tuple(row[column] for column in _COLUMNS) for row in task.rows],
            )
    socket = str(conninfo_to_dict(task.database_url)["host"])  # the folder of the socket
    project, settings = task.folder / "project", task.folder / ".drt"
    shutil.copytree(PEERS / "drt", project)
    settings.mkdir()
    profiles = (PEERS / "drt" / "profiles.yml").read_text("utf-8").replace("HOST", socket)
    (settings / "profiles.yml").write_text(profiles, encoding="utf-8")
    return Call(
        [task.environment / "bin" / "drt", "run", "--select", sync, "--output", "json"],
        {"HOME": str(task.folder), "API_URL": task.api_url, "API_TOKEN": TOKEN},
        project,
    )


SENDERS = (
    Sender("seeker-leads send", partial(_ours, on_unknown_outcome="retry"), is_ours=True),
    Sender("the same, `on_unknown_outcome: reject`", partial(_ours, on_unknown_outcome="reject"), is_ours=True),
    Sender("drt, batches of 100", partial(_drt, sync="leads")),
    Sender("drt, batches of 1", partial(_drt, sync="leads_one_by_one")),
)
