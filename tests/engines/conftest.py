"""Real engines that run Meltano: each in a separate environment under `.engines`, with the sandbox and PostgreSQL."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from seeker_leads_sandbox.faults.faults import Fault, FaultKind
from tests.engines.project import BOUNDS, HOUR_SECONDS, PIPELINE, Project, epoch_of, new_database
from tests.pages import PROJECT
from tests.user_programs import BIN, wait_for_requests
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox with leads every 12 hours of the last four quarters, one at each bound, and 20 of today."""
    with Sandbox.start(SandboxOptions()) as sandbox:
        sandbox.add_leads(ingestion_dates=[*range(epoch_of(BOUNDS[0]), epoch_of(BOUNDS[-1]) + 1, 12 * HOUR_SECONDS)])
        sandbox.add_leads(20)
        yield sandbox


@pytest.fixture
def project(account: Sandbox, database_url: str, tmp_path: Path, meltano_plugins: None) -> Project:  # noqa: ARG001  # a skip
    """The project, with the test's own system database."""
    variables = shell_in_project(
        tmp_path,
        account.api_url,
        MELTANO_DATABASE_URI=new_database(database_url, "meltano"),
        TAP_SEEKER_LEADS_START_DATE=BOUNDS[-1],  # of the live pipeline: where the last shard ends
        TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
        LEADS_PROJECT=str(PROJECT),
    )
    return Project(variables)


@pytest.fixture
def another_run(account: Sandbox, project: Project) -> Iterator[subprocess.Popen[str]]:
    """A live run that waits for the API, so that Meltano refuses another one."""
    account.script(Fault(FaultKind.TIMEOUT, times=1))
    patience = {"TAP_SEEKER_LEADS_REQUEST_TIMEOUT_SECONDS": "3600"}
    with project.start(BIN / "meltano", "run", *PIPELINE, **patience) as process:
        try:
            assert wait_for_requests(account, 1)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
