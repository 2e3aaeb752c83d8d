"""Programs as users run them: console scripts, Meltano."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.pages import PROJECT
from tests.user_programs import BIN, Ended, TargetProgram, run_to_end
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox with the real time, 250 leads of the last five days and the documented limit."""
    with Sandbox.start(SandboxOptions(leads=250, days=5)) as sandbox:
        yield sandbox


@pytest.fixture
def tap(account: Sandbox, tmp_path: Path) -> Callable[..., Ended]:
    """Run `tap-seeker-leads` as a program, with a config file; a setting of None is omitted."""

    def run(*arguments: str | Path, **config: Any) -> Ended:
        settings = {"api_url": account.api_url, "auth_token": "sandbox-token", **config}
        file = tmp_path / "config.json"
        file.write_text(json.dumps({name: value for name, value in settings.items() if value is not None}))
        environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "LOGLEVEL": "DEBUG"}
        return run_to_end(BIN / "tap-seeker-leads", "--config", file, *arguments, env=environment)

    return run


@pytest.fixture
def target(account: Sandbox, tmp_path: Path) -> TargetProgram:
    """The program, configured for the account."""
    program = TargetProgram(tmp_path)
    program.configure(account.api_url)
    return program


@pytest.fixture
def meltano(account: Sandbox, tmp_path: Path, meltano_plugins: None) -> Callable[..., Ended]:  # noqa: ARG001  # a skip
    """Run Meltano in this project, with a state of its own."""

    def run(*arguments: str, **environment: str) -> Ended:
        variables = shell_in_project(tmp_path, account.api_url, **environment)
        return run_to_end(BIN / "meltano", *arguments, cwd=PROJECT, env=variables)

    return run
