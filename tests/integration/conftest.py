"""The target run in this process, its ledger, a receiver of calls, and a check of all logs for private data."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from seeker_leads_sandbox import Sandbox
from tests.log_privacy import LogCollector
from tests.target_runs import TargetRunner
from tests.webhook_calls import Called, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: It logs each column of the schema many times in every run, and nothing else.
VERBOSE = "singer_sdk.singerlib.catalog"


@pytest.fixture(autouse=True)
def nothing_private_is_logged(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test whose log, at DEBUG, contains a secret or a person of its sandboxes or of `tests.singer_input`."""
    if "all_output" in request.fixturenames:  # a stricter check
        yield
        return
    sandboxes: list[Sandbox] = []
    begin = Sandbox.__init__

    def note(sandbox: Sandbox, *arguments: Any) -> None:
        sandboxes.append(sandbox)
        begin(sandbox, *arguments)

    root, collector = logging.getLogger(), LogCollector()
    monkeypatch.setattr(Sandbox, "__init__", note)
    levels = {root: logging.DEBUG, logging.getLogger(VERBOSE): logging.INFO}
    before = {logger: logger.level for logger in levels}
    for logger, level in levels.items():
        logger.setLevel(level)
    root.addHandler(collector)
    yield
    root.removeHandler(collector)
    for logger, level in before.items():
        logger.setLevel(level)
    assert collector.private_values(sandboxes) == []


@pytest.fixture
def run_target(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> TargetRunner:
    return TargetRunner(sandbox, tmp_path, monkeypatch, caplog)


@pytest.fixture
def empty_postgres(database_url: str) -> str:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS seeker_leads_ledger, seeker_leads_ledger_version")
    return database_url


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new" / "ledger.db"


@pytest.fixture
def sqlite_url(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    name = {"sqlite": "sqlite_url", "postgresql": "empty_postgres"}[request.param]
    value: str = request.getfixturevalue(name)
    return value


@pytest.fixture
def empty_database(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database in which a table of leads is to be made."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def called() -> Called:
    """Counts the calls that the receiver at `port` accepts."""
    return Called()


@pytest.fixture
def port(called: Called) -> Iterator[int]:
    """The port of a receiver of webhook calls."""
    with receiving(called) as port:
        yield port
