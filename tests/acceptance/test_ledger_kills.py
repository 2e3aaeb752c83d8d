"""`seeker-leads ledger purge` and `copy`, killed at random moments: nothing is lost, nothing is doubled."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.ledger_tools import execute, fill, rows_in_utc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(timezone.utc)
OLD = NOW - timedelta(days=1300)
KILLS = 15
ROWS = 1500
#: Runs the tool in forks of itself, which need no time to begin; each is killed after a while, if one is given.
FORKS = """if True:
    import json, os, select, signal, sys, time
    import psycopg, sqlalchemy.dialects.postgresql.psycopg, sqlalchemy.dialects.sqlite.pysqlite
    from seeker_leads_cli.ledger import row_copy, row_deletion
    from seeker_leads_cli.main import main
    row_deletion._BATCH_ROWS = row_copy._BATCH_ROWS = 100
    for line in sys.stdin:
        arguments, seconds = json.loads(line)
        began = time.monotonic()
        ended, alive = os.pipe()  # the child alone keeps it open to write: readable at its end
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDWR), 1)
            main(arguments)
        os.close(alive)
        if seconds is not None:
            select.select([ended], [], [], seconds)
            os.kill(child, signal.SIGKILL)
        os.close(ended)
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - began]), flush=True)
"""


@dataclass
class Forks:
    """The tool, run again and again."""

    process: subprocess.Popen[str]
    took_seconds: float = 0.5

    def run(self, *arguments: str, kill_after_seconds: float | None = None) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([["ledger", *arguments], kill_after_seconds]) + "\n")
        self.process.stdin.flush()
        status, seconds = json.loads(self.process.stdout.readline())
        if kill_after_seconds is None and status == 0:
            self.took_seconds = seconds
        return int(status)

    def kill_at_random(self, rng: random.Random, *arguments: str) -> int:
        """Kill it within the time that it takes; where it ended first, it takes less time than was thought."""
        status = self.run(*arguments, kill_after_seconds=rng.uniform(0, 1.1 * self.took_seconds))
        if status == 0:
            self.took_seconds *= 0.7
        return status

    def to_the_end(self, *arguments: str) -> None:
        """Run it until it succeeds: PostgreSQL may need a moment to see that a killed one is gone."""
        assert any(self.run(*arguments) == 0 for _ in range(50))


@pytest.fixture
def forks() -> Iterator[Forks]:
    with _forks() as running:
        yield running


@contextmanager
def _forks() -> Iterator[Forks]:
    command = [sys.executable, "-c", FORKS]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Forks(process)
        finally:
            process.kill()


@pytest.fixture
def empty_postgres(database_url: str) -> Iterator[str]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")
        yield database_url
        connection.execute("DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")


def configured(folder: Path, url: str) -> tuple[str, str]:
    path = folder / "config.json"
    path.write_text(json.dumps({"ledger_url": url, "rejects_path": str(folder / "rejects.jsonl")}))
    return "--config", str(path)


@pytest.fixture(params=["sqlite", "postgresql"])
def kind(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


def url_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> str:
    return f"sqlite:///{folder / kind / 'ledger.db'}" if kind == "sqlite" else request.getfixturevalue("empty_postgres")


def test_killed_purge_deletes_only_old_delivered_rows(
    forks: Forks, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Only old rows of delivered leads ever go, whatever moment it is; the last purge takes the rest of them."""
    url, rng = url_of(kind, request, tmp_path), random.Random(16)  # noqa: S311  # moments, not secrets
    fill(url, 200, NOW - timedelta(days=3), "young")
    fill(url, 200, OLD, "open")
    execute(url, "UPDATE seeker_leads_ledger SET status = 'unknown' WHERE stream = 'open'")
    kept = rows_in_utc(url)
    arguments = ("purge", "--older-than", "1200d", *configured(tmp_path, url))
    fill(url, ROWS, OLD)
    forks.to_the_end(*arguments)
    killed = 0
    for _ in range(KILLS):
        before = rows_in_utc(url)
        if len(before) == len(kept):
            fill(url, ROWS, OLD)
            before = rows_in_utc(url)
        killed += forks.kill_at_random(rng, *arguments) == -9
        left = rows_in_utc(url)
        assert set(kept) <= set(left) <= set(before)
    forks.to_the_end(*arguments)
    assert rows_in_utc(url) == kept
    assert killed > KILLS / 3


def test_killed_copy_copies_all_rows_or_none(
    forks: Forks, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """All rows arrive or none, the old ledger keeps its own, and after all kills a copy succeeds: both directions."""
    other = "postgresql" if kind == "sqlite" else "sqlite"
    source, new = (url_of(each, request, tmp_path) for each in (kind, other))
    rng = random.Random(17)  # noqa: S311  # moments, not secrets
    fill(source, ROWS, OLD)
    expected = rows_in_utc(source)
    arguments = ("copy", new, *configured(tmp_path, source))
    forks.to_the_end(*arguments)
    killed = 0
    for _ in range(KILLS):
        execute(new, "DELETE FROM seeker_leads_ledger")
        killed += forks.kill_at_random(rng, *arguments) == -9
        assert rows_in_utc(new) in ([], expected)
        assert rows_in_utc(source) == expected
    forks.to_the_end(*arguments)
    assert rows_in_utc(new) == rows_in_utc(source) == expected
    assert killed > KILLS / 3
