"""A repeated signal: an echo from a parent process, or a request to end at once."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from seeker_leads_singer.signals import SAME_SIGNAL_SECONDS
from tests.pages import PROJECT
from tests.singer_input import SCHEMA, record
from tests.user_programs import BIN, TargetProgram, wait_for_created, wait_for_requests
from tests.user_shells import shell_in_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RECORDS = 5


@contextlib.contextmanager
def sending(program: TargetProgram, *, latency_ms: int) -> Iterator[tuple[subprocess.Popen[str], Sandbox]]:
    """The target with all its requests in progress."""
    with Sandbox.start(SandboxOptions(latency_ms=latency_ms)) as sandbox:
        program.configure(sandbox.api_url)
        with program.start(stdin=subprocess.PIPE) as process:
            assert process.stdin
            process.stdin.write("".join(json.dumps(each) + "\n" for each in [SCHEMA, *map(record, range(RECORDS))]))
            process.stdin.flush()
            assert wait_for_requests(sandbox, RECORDS)
            yield process, sandbox


def test_repeated_signal_ends_the_target_in_order(tmp_path: Path) -> None:
    """SIGTERM to a process group arrives twice, also from Meltano: requests in progress are still settled."""
    program = TargetProgram(tmp_path)
    with sending(program, latency_ms=1000) as (process, _):
        for _ in range(5):
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM
    assert f"{RECORDS} created" in program.log


def test_second_signal_of_another_kind_changes_nothing(tmp_path: Path) -> None:
    """Ctrl-C in a terminal is followed by Meltano's SIGTERM: requests in progress are still settled and reported."""
    program = TargetProgram(tmp_path)
    with sending(program, latency_ms=800) as (process, sandbox):
        process.send_signal(signal.SIGINT)
        wait_for_created(sandbox, 1)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGINT
    assert f"{RECORDS} created" in program.log
    assert not list(tmp_path.glob("ledger.db.runs/*.lock"))


def test_same_signal_later_ends_the_target_at_once(tmp_path: Path) -> None:
    """A repeated signal ends the target without waiting for an answer; the next run knows what was in progress."""
    program = TargetProgram(tmp_path)
    with sending(program, latency_ms=20_000) as (process, _):
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(SAME_SIGNAL_SECONDS + 0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == -signal.SIGTERM


@pytest.mark.usefixtures("meltano_plugins")
def test_end_of_a_whole_pipeline_is_in_order(tmp_path: Path) -> None:
    """If a scheduler ends Meltano's process group, requests in progress are settled: no outcome is unknown."""
    with Sandbox.start(SandboxOptions(latency_ms=1500)) as sandbox:
        environment = shell_in_project(
            tmp_path,
            sandbox.api_url,
            TARGET_SEEKER_LEADS_LEDGER_URL=f"sqlite:///{tmp_path / 'ledger.db'}",
            TARGET_SEEKER_LEADS_REJECTS_PATH=str(tmp_path / "rejects.jsonl"),
        )
        with (
            (tmp_path / "log").open("ab") as log,
            subprocess.Popen(
                [BIN / "meltano", "run", "tap-spreadsheets", "target-seeker-leads"],
                stdout=log,
                stderr=log,
                cwd=PROJECT,
                env=environment,
                start_new_session=True,
            ) as pipeline,
        ):
            assert wait_for_requests(sandbox, 4)
            os.killpg(pipeline.pid, signal.SIGTERM)
            assert pipeline.wait(60) != 0
        said = (tmp_path / "log").read_text()
        assert len(sandbox.created) == 4, said[-3000:]
    with contextlib.closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        statuses = [row[0] for row in ledger.execute("SELECT status FROM seeker_leads_ledger ORDER BY status")]
    assert statuses == ["delivered"] * 4 + ["rejected"] * 5, said[-3000:]
