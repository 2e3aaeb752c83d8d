"""The target run in this process, the databases of its ledger, and a check of all logs for private data."""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from seeker_leads_api.errors import SeekerLeadsError
from seeker_leads_sandbox import Sandbox
from target_seeker_leads.target import TargetSeekerLeads
from tests.log_privacy import LogCollector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

#: It logs each column of the schema many times in every run, and nothing else.
VERBOSE = "singer_sdk.singerlib.catalog"


@dataclass
class Sent:
    """The results of one run of the target."""

    states: list[Any]
    error: SeekerLeadsError | None
    slept: list[float]
    log: list[str]
    rejects: list[dict[str, Any]]

    @property
    def summary(self) -> str:
        """The line of counts; that of a dry run in the words of a real run, so that both can be compared."""
        output = (re.sub(r"would create (\d+)", r"\1 created", line) for line in reversed(self.log))
        return next(line for line in output if " created" in line)


@dataclass
class TargetRunner:
    """Runs the target against a sandbox; waits between tries take no time."""

    sandbox: Sandbox
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    caplog: pytest.LogCaptureFixture
    config: dict[str, Any] = field(default_factory=dict)

    @property
    def rejects_path(self) -> Path:
        return self.folder / "rejects.jsonl"

    @property
    def ledger_path(self) -> Path:
        return self.folder / "ledger.db"

    def __call__(
        self,
        messages: Iterable[dict[str, Any] | bytes | str] | bytes,
        *,
        before: Callable[[TargetSeekerLeads], object] | None = None,
        **config: Any,
    ) -> Sent:
        """Run it over messages, one per line, or over raw bytes; `before` may change the target first."""
        settings = {
            "api_url": self.sandbox.api_url,
            "auth_token": self.sandbox.options.token,
            "rate_limit_requests": 1000,
            "ledger_url": f"sqlite:///{self.ledger_path}",
            "rejects_path": str(self.rejects_path),
            **self.config,
            **config,
        }
        slept: list[float] = []
        stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        self.monkeypatch.setattr(sys, "stdout", stdout)
        self.caplog.clear()
        target = TargetSeekerLeads(config={name: value for name, value in settings.items() if value is not None})
        target.sleep = slept.append
        target.monotonic = lambda: time.monotonic() + sum(slept)
        if before:
            before(target)
        lines = messages if isinstance(messages, bytes) else b"".join(map(_line, messages))
        error = None
        with self.caplog.at_level("DEBUG"):
            try:
                target.run(io.BytesIO(lines))  # type: ignore[arg-type]  # bytes, as from stdin
            except SeekerLeadsError as caught:
                error = caught
        stdout.seek(0)
        rejects = self.rejects_path.read_text("utf-8").splitlines() if self.rejects_path.is_file() else []
        return Sent(
            [json.loads(line) for line in stdout],
            error,
            slept,
            [record.getMessage() for record in self.caplog.records],
            [json.loads(line) for line in rejects],
        )


def _line(message: dict[str, Any] | bytes | str) -> bytes:
    if isinstance(message, dict):
        message = json.dumps(message)
    return (message.encode() if isinstance(message, str) else message) + b"\n"


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
