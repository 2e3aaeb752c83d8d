"""A rejects file that another program holds locked: the run ends with one line, or with a signal."""

from __future__ import annotations

import fcntl
import os
import signal
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError, StoppedError
from seeker_leads_sandbox import FaultKind
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seeker_leads_sandbox import Sandbox
    from target_seeker_leads.target import TargetSeekerLeads
    from tests.target_runs import TargetRunner

MESSAGES = [SCHEMA, record(1), state(1)]


@pytest.fixture
def held(run_target: TargetRunner) -> Iterator[int]:
    """The rejects file, locked by another program; 0600, as the target leaves it."""
    handle = os.open(run_target.rejects_path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield handle
    os.close(handle)


def stop_in_the_wait(target: TargetSeekerLeads) -> None:
    """Send SIGTERM while a letter waits for the lock."""

    def sleep(seconds: float) -> None:
        target.pipeline.stop(signal.SIGTERM)
        target.pipeline._pool._stopping.sleep(seconds)

    target.sleep = sleep


@pytest.mark.parametrize("is_stopped", [False, True])
def test_locked_rejects_file_ends_the_run(
    run_target: TargetRunner, sandbox: Sandbox, held: int, *, is_stopped: bool
) -> None:
    """The record is neither kept nor settled, so no STATE covers it; the next run does what this one could not.

    The API is known to have rejected it: a letter that cannot be written does not make its outcome unknown.
    """
    sandbox.script(on_post(FaultKind.STATUS, status=400, body='{"title": "Bad", "status": 400}', times=1))
    run = run_target(MESSAGES, before=stop_in_the_wait if is_stopped else None)
    assert type(run.error) is (StoppedError if is_stopped else FatalError)
    assert is_stopped or "another program has locked the file" in str(run.error)
    assert (run.states, run.rejects) == ([], [])
    fcntl.flock(held, fcntl.LOCK_UN)
    again = run_target(MESSAGES)
    assert again.states == [1]
    assert "1 created, 0 skipped as delivered before, 0 rejected, 0 of unknown outcome" in again.summary
    assert not any("sent again" in line for line in again.log)
