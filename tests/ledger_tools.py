"""The ledger as its tests use it: claims, real processes that can be killed, and SQL as users run it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import psycopg

from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.live_runs import FileRuns
from target_seeker_leads.ledger.rules import Claim, Settlement, Status, UnknownOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RETRY, REJECT = UnknownOutcome.RETRY, UnknownOutcome.REJECT
#: A run in its own process: claims what it is told, prints the decisions, and never settles.
RUN = """if True:
    import sys, json
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.ledger.rules import Claim, Settlement, Status, UnknownOutcome
    ledger = Ledger.open(sys.argv[1], UnknownOutcome.RETRY)
    print("open", flush=True)
    for line in sys.stdin:
        keys = json.loads(line)
        claims = [Claim(key, "a", "s", is_replay=False, will_send=True) for key in keys]
        print(json.dumps([ledger.claim(claim).name for claim in claims]), flush=True)
"""
#: A run that claims all that it can, with several threads, and delivers it.
WORKER = """if True:
    import sys, json
    from concurrent.futures import ThreadPoolExecutor
    from target_seeker_leads.ledger.ledger import Ledger
    from target_seeker_leads.ledger.rules import Claim, Decision, Settlement, Status, UnknownOutcome

    def deliver(number):
        claim = Claim(f"{number:064x}", "a", "s", is_replay=False, will_send=True)
        decision = ledger.claim(claim)
        if decision is Decision.SEND:
            ledger.settle(Settlement(claim, Status.DELIVERED))
        return decision.name

    print(flush=True)
    sys.stdin.readline()
    with Ledger.open(sys.argv[1], UnknownOutcome.RETRY) as ledger, ThreadPoolExecutor(8) as pool:
        print(json.dumps(list(pool.map(deliver, range(int(sys.argv[2]))))))
"""


def claim(key: str, content: str = "a", *, is_replay: bool = False, will_send: bool = True) -> Claim:
    return Claim(key, content, "s", is_replay=is_replay, will_send=will_send)


def settlement(key: str, status: Status | None, content: str = "a") -> Settlement:
    return Settlement(claim(key, content), status)


@contextlib.contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Run Python code as a process; it is ready once it has printed a line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            read_line(running)
            yield running
        finally:
            running.kill()


def write_line(running: subprocess.Popen[str], words: object = "") -> None:
    assert running.stdin
    running.stdin.write(json.dumps(words) + "\n")
    running.stdin.flush()


def read_line(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline()


def ask(running: subprocess.Popen[str], *keys: str) -> list[str]:
    write_line(running, keys)
    decisions: list[str] = json.loads(read_line(running))
    return decisions


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rows(url: str, columns: str = "key, stream, content, status, request_id, resends") -> list[tuple[Any, ...]]:
    """What a user sees with SQL."""
    query = f"SELECT {columns} FROM seeker_leads_ledger ORDER BY key"  # noqa: S608  # the test's own words
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(query).fetchall()
    with psycopg.connect(url) as session:
        return session.execute(query.encode()).fetchall()


def execute(url: str, statement: str) -> None:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute(statement)
    else:
        with psycopg.connect(url, autocommit=True) as session:
            session.execute(statement.encode())


def crash(ledger: Ledger) -> None:
    """End a run like a kill: nothing is settled or cleaned up."""
    assert ledger._session
    ledger._session.connection.close()
    if isinstance(ledger._session.runs, FileRuns):
        assert ledger._session.runs._handle
        os.close(ledger._session.runs._handle)


#: Of a row as SQL writes it, in the order in which `fill` gives the values.
COLUMNS = (
    "key, stream, content, status, run_id, request_id, resends, updated_at, destination, fingerprint, first_tried_at"
)


def fill(url: str, count: int, at: datetime, stream: str = "leads") -> None:
    """Write rows of many leads, delivered from an instant on, some with values missing: faster than by claims."""
    Ledger.open(url, RETRY).close()
    values = []
    for number in range(count):
        key = hashlib.sha256(f"{stream} {number}".encode()).hexdigest()
        updated_at = at + timedelta(milliseconds=number)
        few = (None, None, None) if number % 3 else ("d" * 64, f"{number:064x}", updated_at)
        request_id = f"request-{number}" if number % 2 else None
        values.append((key, stream, "c" * 64, "delivered", "f" * 16, request_id, number % 5, updated_at, *few))
    marks = ", ".join(["{}"] * len(values[0]))
    statement = f"INSERT INTO seeker_leads_ledger ({COLUMNS}) VALUES ({marks})"  # noqa: S608  # our own words
    if url.startswith("sqlite"):
        texts = [
            tuple(f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value for value in row)
            for row in values
        ]
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            connection.executemany(statement.replace("{}", "?"), texts)
    else:
        with psycopg.connect(url) as session, session.cursor() as cursor:
            cursor.executemany(statement.replace("{}", "%s").encode(), values)


def rows_in_utc(url: str) -> list[tuple[Any, ...]]:
    """All columns of all rows, with instants as texts in UTC, so that ledgers in two databases can be compared."""
    return [
        tuple(
            f"{value.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value
            for value in row
        )
        for row in rows(url, COLUMNS)
    ]
