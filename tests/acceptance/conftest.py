"""Programs as users run them: console scripts, Meltano, PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BIN = Path(sys.executable).parent
#: Prefixes of variables that belong to a user's own account, project or test run.
_PERSONAL = ("TAP_", "TARGET_", "SEEKER_LEADS_CLIENT_", "MELTANO_", "PYTEST_")


@dataclass(frozen=True)
class Ended:
    """The results of a program."""

    status: int
    stdout: str
    stderr: str

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.stdout.split("\n") if line]

    @property
    def errors(self) -> list[str]:
        return [line for line in self.stderr.splitlines() if "| ERROR" in line or "| CRITICAL" in line]


def wait_for_created(sandbox: Sandbox, count: int) -> None:
    """Wait until this number of leads was created."""
    assert sandbox.statistics.wait_until(lambda: len(sandbox.created) >= count)


def wait_for_requests(sandbox: Sandbox, count: int, *, timeout_seconds: float = 60.0) -> bool:
    """Wait until this number of requests has arrived; return whether they have."""
    return sandbox.statistics.wait_until(lambda: sandbox.statistics.requests >= count, timeout_seconds=timeout_seconds)


def shell(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return a reader's shell environment, without anything of a real account."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(_PERSONAL)},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "NO_COLOR": "1",
        # The SDK says so at each start; what else a program writes to stderr, tests look at.
        "PYTHONWARNINGS": "ignore:Python 3.10 reached its end of life",
        **more,
    }


def meltano_folder(tmp_path: Path) -> Path:
    """Return a folder in place of the project's `.meltano`: with its plugins, and with run files of the test alone.

    So tests of Meltano can run at the same time.
    """
    folder = tmp_path / "meltano"
    folder.mkdir(exist_ok=True)
    for plugins in ("extractors", "loaders", "utilities"):
        if not (folder / plugins).exists():
            (folder / plugins).symlink_to(PROJECT / ".meltano" / plugins)
    return folder


def shell_in_project(tmp_path: Path, api_url: str, **more: str) -> dict[str, str]:
    """Return Meltano's environment in this project: its own state, and this API for tap and target."""
    # Empty values are set too: without them, the values of the project's `.env` would apply.
    access = {"API_URL": api_url, "AUTH_TOKEN": "sandbox-token", "CLIENT_ID": "", "CLIENT_SECRET": ""}
    return shell(
        tmp_path,
        **{
            "MELTANO_PROJECT_ROOT": str(PROJECT),
            "MELTANO_SYS_DIR_ROOT": str(meltano_folder(tmp_path)),
            "MELTANO_ENVIRONMENT": "local",
            "MELTANO_DATABASE_URI": f"sqlite:///{tmp_path / 'meltano.db'}",
            **{
                f"{plugin}_SEEKER_LEADS_{name}": value for plugin in ("TAP", "TARGET") for name, value in access.items()
            },
            **more,
        },
    )


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
        process = subprocess.run(
            [BIN / "tap-seeker-leads", "--config", file, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "LOGLEVEL": "DEBUG"},
        )
        return Ended(process.returncode, process.stdout, process.stderr)

    return run


@dataclass(frozen=True)
class TargetProgram:
    """`target-seeker-leads` with its own config file, ledger and file of rejects."""

    folder: Path

    @property
    def rejects_path(self) -> Path:
        return self.folder / "rejects.jsonl"

    @property
    def ledger_path(self) -> Path:
        return self.folder / "ledger.db"

    @property
    def rejects(self) -> list[dict[str, Any]]:
        lines = self.rejects_path.read_text("utf-8").splitlines() if self.rejects_path.exists() else []
        return [json.loads(line) for line in lines]

    def configure(self, api_url: str, **config: Any) -> None:
        settings = {
            "api_url": api_url,
            "auth_token": "sandbox-token",
            "ledger_url": f"sqlite:///{self.ledger_path}",
            "rejects_path": str(self.rejects_path),
            **config,
        }
        given = {name: value for name, value in settings.items() if value is not None}
        (self.folder / "config.json").write_text(json.dumps(given))

    @property
    def log(self) -> str:
        """Return the log of all its runs."""
        return (self.folder / "log").read_text("utf-8")

    def start(self, **options: Any) -> subprocess.Popen[str]:
        """Start it; the caller waits for its end."""
        with (self.folder / "log").open("a") as log:
            return subprocess.Popen(
                [BIN / "target-seeker-leads", "--config", self.folder / "config.json"],
                text=True,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "XDG_CACHE_HOME": str(self.folder / "cache"), "LOGLEVEL": "DEBUG"},
                **options,
            )

    def run(self, lines: str) -> Ended:
        """Run it with these lines as input."""
        said_before = len(self.log) if (self.folder / "log").exists() else 0
        with self.start(stdin=subprocess.PIPE) as process:
            stdout, _ = process.communicate(lines, timeout=120)
        return Ended(process.returncode, stdout, self.log[said_before:])


@pytest.fixture
def target(account: Sandbox, tmp_path: Path) -> TargetProgram:
    """The program, configured for the account."""
    program = TargetProgram(tmp_path)
    program.configure(account.api_url)
    return program


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection to an empty database."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS seeker_leads, seeker_leads_local CASCADE")
        yield connection


@pytest.fixture
def meltano_plugins() -> None:
    """Skip tests that need this repository's Meltano project if the wheel is tested."""
    if "SEEKER_LEADS_WHEEL" in os.environ:
        pytest.skip("the plugins of this repository's Meltano project are the source tree")
    assert (PROJECT / ".meltano" / ".installed").exists(), "Meltano's plugins are missing: run `make test`"


@pytest.fixture
def meltano(account: Sandbox, tmp_path: Path, meltano_plugins: None) -> Callable[..., Ended]:  # noqa: ARG001  # a skip
    """Run Meltano in this project, with a state of its own."""

    def run(*arguments: str, **environment: str) -> Ended:
        process = subprocess.run(
            [BIN / "meltano", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=PROJECT,
            env=shell_in_project(tmp_path, account.api_url, **environment),
        )
        return Ended(process.returncode, process.stdout, process.stderr)

    return run
