"""The runs that Meltano refuses, shown by the exit status of `examples/meltano_or_skip.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engines.project import LIVE_STATE_ID, PIPELINE
from tests.pages import PROJECT

if TYPE_CHECKING:
    from tests.engines.project import Project

PROGRAM = PROJECT / "examples" / "meltano_or_skip.py"


@pytest.mark.usefixtures("another_run", "database")
def test_one_run_for_each_state_id(project: Project) -> None:
    """During a run, Meltano refuses `run` and `el` with the same state ID, and runs `el` with another one."""
    refused = [("run", *PIPELINE), ("el", *PIPELINE, f"--state-id={LIVE_STATE_ID}")]
    for arguments in refused:
        ended = project.run(PROGRAM, *arguments)
        assert ended.status == 99, ended.stdout
    ended = project.run(PROGRAM, "el", *PIPELINE, "--state-id=another")
    assert ended.status == 0, ended.stdout
