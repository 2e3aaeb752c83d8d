"""Fixtures that run the commands of `seeker-leads`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.doctor_runs import SECRET, Doctor
from tests.rejects_commands import BAD, RejectsCommand
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from tests.ledger_commands import LedgerCommand
    from tests.target_runs import TargetRunner


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox at the real time, with some leads of the last days."""
    with Sandbox.start(SandboxOptions(leads=30, days=3, enforce_limit=False, client_secret=SECRET)) as sandbox:
        yield sandbox


@pytest.fixture
def doctor(account: Sandbox, tmp_path: Path) -> Doctor:
    """Run the doctor with the settings of a test; a setting of None is left out."""

    def run(*arguments: str, status: int = 0, **settings: Any) -> Result:
        config = tmp_path / "config.json"
        content = {"api_url": account.api_url, "auth_token": account.options.token, "max_retries": 0, **settings}
        config.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))
        ended = CliRunner().invoke(main, ["doctor", "--config", str(config), *arguments])
        assert ended.exit_code == status, ended.output
        assert SECRET not in ended.output
        assert account.options.token not in ended.output
        return ended

    return run


@pytest.fixture
def ledger_command(tmp_path: Path) -> LedgerCommand:
    """Run a command of `ledger` with the settings of a test, which have no account."""

    def run(*arguments: str, status: int = 0, **settings: Any) -> Result:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"rejects_path": str(tmp_path / "rejects.jsonl"), **settings}))
        ended = CliRunner().invoke(main, ["ledger", *arguments, "--config", str(config)])
        assert ended.exit_code == status, ended.output
        if status:
            assert len(ended.stderr.splitlines()) == 1
            assert ended.stdout == ""
        return ended

    return run


@pytest.fixture
def rejects(run_target: TargetRunner) -> RejectsCommand:
    """Three letters: two with a wrong e-mail address, and one of another stream without a last name."""
    other = {**SCHEMA, "stream": "others"}
    nameless = {**record(3, last_name=None), "stream": "others"}
    run_target([SCHEMA, record(1, email=BAD), record(2, email=BAD), other, nameless], max_concurrent_requests=1)
    return RejectsCommand(run_target)
