"""The file of `metrics_path`: the metrics of a run for Prometheus, whether it succeeds or fails."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING
from unittest.mock import Mock, patch

from seeker_leads_api.errors import FatalError
from seeker_leads_api.metrics_file import gauge, write_metrics
from seeker_leads_sandbox.faults.faults import Fault, FaultKind
from tests.pages import names_in, rows_of
from tests.singer_input import SCHEMA, record
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from seeker_leads_sandbox import Sandbox
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner

_LINE = re.compile(r'(\w+)(\{\w+="\w+"\})? ([\d.e+-]+)')


class KilledError(BaseException):
    """Ends a function as a kill does, together with a clean-up that does nothing."""


def values_of(file: Path) -> dict[str, float]:
    """Return the value of each sample of the file."""
    samples = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("# ")]
    found = [_LINE.fullmatch(line) for line in samples]
    assert all(found), samples
    return {match[1] + (match[2] or ""): float(match[3]) for match in found if match}


def test_tap_writes_what_it_read(run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """After a successful run, the file has its counts and the bookmark, and all users may read it with any umask."""
    sandbox.add_leads(3)
    file = tmp_path / "tap.prom"
    before = os.umask(0o077)
    try:
        run_tap(metrics_path=str(file)).check()
    finally:
        os.umask(before)
    values = values_of(file)
    assert (values["tap_seeker_leads_run_success"], values["tap_seeker_leads_leads"]) == (1, 3)
    assert values["tap_seeker_leads_requests"] >= 1
    assert values["tap_seeker_leads_read_up_to_timestamp_seconds"] == NOW
    assert file.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.glob("*tap.prom*")] == ["tap.prom"]


def test_file_that_a_killed_run_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """A run writes its metrics even if a run with the same process ID was killed in the middle of that."""
    file = tmp_path / "tap.prom"
    metrics = [gauge("tap_seeker_leads_run_success", "Whether it succeeded.", 1)]
    with patch("pathlib.Path.replace", side_effect=KilledError), patch("pathlib.Path.unlink"), suppress(KilledError):
        write_metrics(str(file), metrics)
    assert len([*tmp_path.iterdir()]) == 1
    assert write_metrics(str(file), metrics) is None
    assert values_of(file) == {"tap_seeker_leads_run_success": 1}


def test_what_is_not_a_file_is_not_replaced(tmp_path: Path) -> None:
    """A device, such as /dev/null, or a pipe is a warning: as root, a run would put a file in its place."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    warning = write_metrics(str(pipe), [gauge("tap_seeker_leads_run_success", "Whether it succeeded.", 1)])
    assert warning is not None
    assert "`metrics_path` is not a file" in warning
    assert pipe.is_fifo()
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_tap_writes_that_it_failed(run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """A failed run replaces the file of the previous run."""
    file = tmp_path / "tap.prom"
    file.write_text("tap_seeker_leads_run_success 1\n")
    sandbox.script(Fault(FaultKind.STATUS, status=403))
    assert run_tap(metrics_path=str(file)).error is not None
    assert values_of(file)["tap_seeker_leads_run_success"] == 0


def test_failure_after_the_last_record_is_no_success(run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """A run that read all leads but could not write its last STATE has failed; the file still has its counts."""
    sandbox.add_leads(3)
    file = tmp_path / "tap.prom"

    def break_the_end(stream: LeadsStream) -> None:
        stream.state_manager.finalize_state = Mock(side_effect=FatalError("stdout is closed"))  # type: ignore[method-assign]

    assert run_tap(before=break_the_end, metrics_path=str(file)).error is not None
    values = values_of(file)
    assert (values["tap_seeker_leads_run_success"], values["tap_seeker_leads_leads"]) == (0, 3)


def test_target_counts_by_result(run_target: TargetRunner, tmp_path: Path) -> None:
    """Each result has a sample, even if it is zero, and the only label is a fixed word."""
    file = tmp_path / "target.prom"
    run_target([SCHEMA, record(1), record(2), record(3, email="not one")], metrics_path=str(file))
    values = values_of(file)
    assert values['target_seeker_leads_records{result="created"}'] == 2
    assert values['target_seeker_leads_records{result="rejected"}'] == 1
    assert values['target_seeker_leads_records{result="unknown"}'] == 0
    assert values["target_seeker_leads_run_success"] == 1


def test_dry_run_writes_no_metrics(run_target: TargetRunner, tmp_path: Path) -> None:
    """A dry run does not write metrics, because they would look like those of a run."""
    file = tmp_path / "target.prom"
    run_target([SCHEMA, record(1)], metrics_path=str(file), dry_run=True)
    assert not file.exists()


def test_file_that_cannot_be_written_fails_no_run(
    run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If the folder is missing, a warning names the setting, and the run succeeds."""
    sandbox.add_leads(3)
    run = run_tap(metrics_path=str(tmp_path / "no folder" / "tap.prom"))
    assert (run.error, len(run.records)) == (None, 3)
    assert "`metrics_path` cannot be written (No such file or directory)" in caplog.text


def test_page_lists_every_metric(
    run_tap: TapRunner, run_target: TargetRunner, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The table of the operations page lists exactly the metrics of the files."""
    sandbox.add_leads(3)
    run_tap(metrics_path=str(tmp_path / "tap.prom")).check()
    run_target([SCHEMA, record(1)], metrics_path=str(tmp_path / "target.prom"))
    found = {re.sub(r"\{.*", "", name) for file in tmp_path.glob("*.prom") for name in values_of(file)}
    rows = rows_of("docs/operations.md", "Metrics for Prometheus")
    listed = {name for row in rows for name in names_in(row[0]) if name.startswith(("tap_", "target_"))}
    assert listed - {"tap_seeker_leads_refresh_age_seconds"} == found - {"tap_seeker_leads_refresh_age_seconds"}
