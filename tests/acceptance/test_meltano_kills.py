"""`kill -9` of all processes of `meltano run tap-seeker-leads target-postgres`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from typing import TYPE_CHECKING

import psutil
import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.killed_runs import days_ago
from tests.pages import PROJECT
from tests.user_programs import BIN, wait_for_requests
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    from pathlib import Path

    import psycopg

LEADS, DAYS, KILLS = 2000, 120, 2


@pytest.mark.usefixtures("meltano_plugins")
def test_killed_pipelines_bring_every_lead(tmp_path: Path, database: psycopg.Connection, database_url: str) -> None:
    """Meltano, tap and loader are killed together at random moments; after another run, PostgreSQL has every lead.

    Each lead is there once, as the loader keeps one row per key. The loader passes on a STATE when it ends, so the last
    run continues from the last one that ended by itself. Meltano refuses to run for five minutes after such a kill,
    unless `--force` is given.
    """
    seed = random.randrange(1 << 32)  # noqa: S311  # not a secret
    print(f"seed {seed}")  # noqa: T201  # shown on failure, to reproduce it
    rng = random.Random(seed)  # noqa: S311  # as above
    with Sandbox.start(SandboxOptions(leads=LEADS, days=DAYS, latency_ms=20)) as sandbox:
        environment = shell_in_project(
            tmp_path,
            sandbox.api_url,
            TAP_SEEKER_LEADS_START_DATE=days_ago(DAYS + 1),
            TAP_SEEKER_LEADS_WINDOW_DAYS="1",
            TARGET_POSTGRES_SQLALCHEMY_URL=database_url,
        )

        def start(*options: str, **more: str) -> subprocess.Popen[bytes]:
            with (tmp_path / "log").open("ab") as log:
                return subprocess.Popen(
                    [BIN / "meltano", "run", *options, "tap-seeker-leads", "target-postgres"],
                    stdout=log,
                    stderr=log,
                    cwd=PROJECT,
                    env={**environment, **more},
                    start_new_session=True,
                )

        with start(TAP_SEEKER_LEADS_END_DATE=days_ago(DAYS // 2)) as first:
            assert first.wait(120) == 0, (tmp_path / "log").read_text()[-3000:]
        killed = 0
        # In the first half of the tap's work, since it might end during the check later.
        for requests in (rng.randint(1, DAYS // 4) for _ in range(KILLS)):
            sandbox.statistics.reset()
            with start("--force") as pipeline:
                while pipeline.poll() is None and not wait_for_requests(sandbox, requests, timeout_seconds=0.1):
                    pass
                family = family_of(pipeline)
                if len(family) >= 3:
                    os.killpg(pipeline.pid, signal.SIGKILL)
                    _, alive = psutil.wait_procs(family, timeout=10)
                    assert alive == []
                    killed += 1
        assert killed >= 1
        with start() as too_early:
            assert too_early.wait(120) != 0
        assert "'--force'" in (tmp_path / "log").read_text()
        sandbox.statistics.reset()
        with start("--force") as last:
            assert last.wait(120) == 0, (tmp_path / "log").read_text()[-3000:]
        assert DAYS // 2 <= sandbox.statistics.requests < DAYS * 3 // 4
        expected = sandbox.store.ids()
    rows = [row[0] for row in database.execute('SELECT "leadId" FROM seeker_leads_local.leads')]
    assert len(rows) == len(set(rows)) == LEADS
    assert set(rows) == expected


def family_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return a process and all its children, or none if it has ended."""
    try:
        parent = psutil.Process(process.pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
