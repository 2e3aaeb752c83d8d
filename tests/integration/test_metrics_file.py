"""The file of `metrics_path`: what a run says of itself to a Prometheus, however it ends."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from seeker_leads_sandbox.faults.faults import Fault, FaultKind
from tests.conftest import NOW
from tests.pages import names_in, rows_of
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from seeker_leads_sandbox import Sandbox
    from tests.conftest import TapRunner
    from tests.integration.conftest import TargetRunner

_LINE = re.compile(r'(\w+)(\{\w+="\w+"\})? ([\d.e+-]+)')


def values_of(file: Path) -> dict[str, float]:
    """Return the value of each sample; a line that is neither one nor a comment is an error."""
    samples = [line for line in file.read_text("utf-8").splitlines() if not line.startswith("# ")]
    found = [_LINE.fullmatch(line) for line in samples]
    return {match[1] + (match[2] or ""): float(match[3]) for match in found if match}


def test_tap_writes_what_it_read(run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """After a good run the file has its counts and the bookmark, for everybody to read, whatever the umask is."""
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


def test_tap_writes_that_it_failed(run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """A run that ends with an error replaces the file of the one before."""
    file = tmp_path / "tap.prom"
    file.write_text("tap_seeker_leads_run_success 1\n")
    sandbox.script(Fault(FaultKind.STATUS, status=403))
    assert run_tap(metrics_path=str(file)).error is not None
    assert values_of(file)["tap_seeker_leads_run_success"] == 0


def test_target_counts_by_result(run_target: TargetRunner, tmp_path: Path) -> None:
    """Each result has a sample, zero too, and the only label is a word of this package."""
    file = tmp_path / "target.prom"
    run_target([SCHEMA, record(1), record(2), record(3, email="not one")], metrics_path=str(file))
    values = values_of(file)
    assert values['target_seeker_leads_records{result="created"}'] == 2
    assert values['target_seeker_leads_records{result="rejected"}'] == 1
    assert values['target_seeker_leads_records{result="unknown"}'] == 0
    assert values["target_seeker_leads_run_success"] == 1


def test_dry_run_writes_no_metrics(run_target: TargetRunner, tmp_path: Path) -> None:
    """A dry run writes nothing: its counts would look like those of a run."""
    file = tmp_path / "target.prom"
    run_target([SCHEMA, record(1)], metrics_path=str(file), dry_run=True)
    assert not file.exists()


def test_file_that_cannot_be_written_fails_no_run(
    run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing folder is a warning that names the setting; the leads are there all the same."""
    sandbox.add_leads(3)
    run = run_tap(metrics_path=str(tmp_path / "no folder" / "tap.prom"))
    assert (run.error, len(run.records)) == (None, 3)
    assert "`metrics_path` cannot be written (No such file or directory)" in caplog.text


def test_page_lists_every_metric(
    run_tap: TapRunner, run_target: TargetRunner, sandbox: Sandbox, tmp_path: Path
) -> None:
    """The table of the operations page has the names that the files have, and no others."""
    sandbox.add_leads(3)
    run_tap(metrics_path=str(tmp_path / "tap.prom")).check()
    run_target([SCHEMA, record(1)], metrics_path=str(tmp_path / "target.prom"))
    found = {re.sub(r"\{.*", "", name) for file in tmp_path.glob("*.prom") for name in values_of(file)}
    rows = rows_of("docs/operations.md", "Metrics for Prometheus")
    listed = {name for row in rows for name in names_in(row[0]) if name.startswith(("tap_", "target_"))}
    assert listed - {"tap_seeker_leads_refresh_age_seconds"} == found - {"tap_seeker_leads_refresh_age_seconds"}
