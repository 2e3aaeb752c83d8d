"""Ledger helpers: claims, real processes that can be killed, and what a user sees with SQL."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import psycopg

from target_seeker_leads.ledger.live_runs import FileRuns
from target_seeker_leads.ledger.rules import Claim, Settlement, Status, UnknownOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_seeker_leads.ledger.ledger import Ledger

RETRY, REJECT = UnknownOutcome.RETRY, UnknownOutcome.REJECT
#: A run in a separate process: claims the given keys, prints the decisions, and never settles.
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
#: A run that claims and delivers as many keys as it can, with several threads.
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
    """Run Python code in a process; yield it when it has printed that it is ready."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            said(running)
            yield running
        finally:
            running.kill()


def tell(running: subprocess.Popen[str], words: object = "") -> None:
    assert running.stdin
    running.stdin.write(json.dumps(words) + "\n")
    running.stdin.flush()


def said(running: subprocess.Popen[str]) -> str:
    assert running.stdout
    return running.stdout.readline()


def ask(running: subprocess.Popen[str], *keys: str) -> list[str]:
    tell(running, keys)
    decisions: list[str] = json.loads(said(running))
    return decisions


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def rows(url: str, columns: str = "key, stream, content, status, request_id, resends") -> list[tuple[Any, ...]]:
    """Return what a user sees with SQL."""
    query = f"SELECT {columns} FROM seeker_leads_ledger ORDER BY key"  # noqa: S608  # only the test's own text
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
