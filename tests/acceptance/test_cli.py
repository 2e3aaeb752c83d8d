"""The tap as a program."""

from __future__ import annotations

import json
import os
import subprocess
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Fault, FaultKind, Sandbox
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tests.user_programs import BIN

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = "wrong-secret-8471"
CREDENTIALS = {"auth_token": None, "client_id": "me", "client_secret": SECRET}


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"start_date": "yesterday"}, "start_date"),
        ({"page_size": 0}, "page_size"),
        ({**CREDENTIALS, "client_secret": 84718471}, "client_secret"),
    ],
)
def test_wrong_setting_ends_at_once(
    tap: Callable[..., Any], account: Sandbox, config: dict[str, Any], named: str
) -> None:
    """A wrong setting ends the program before any request, with one line that names it, without value or traceback."""
    ended = tap(*(["--test"] if "page_size" in config else []), **config)
    assert ended.status == 2
    assert ended.stdout == ""
    assert [f"`{named}`" in line for line in ended.errors] == [True]
    assert "Traceback" not in ended.stderr
    assert SECRET not in ended.stderr
    assert "84718471" not in ended.stderr
    assert account.statistics.records == []


def test_error_of_the_connection_test_is_the_last_line(tmp_path: Path) -> None:
    """With warnings turned on, as Meltano does, no warning about open files follows the line that names the setting."""
    file = tmp_path / "empty.json"
    file.write_text("{}")
    # Click opens the files before it runs the test only if they come before `--test`.
    command: list[str | Path] = [
        BIN / "tap-seeker-leads",
        "--catalog",
        file,
        "--state",
        file,
        "--config",
        file,
        "--test",
    ]
    ended = subprocess.run(
        command, env={**os.environ, "PYTHONWARNINGS": "once"}, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.returncode == 2
    assert "`auth_token`" in ended.stderr.splitlines()[-1]


@pytest.mark.parametrize("program", ["tap-seeker-leads", "target-seeker-leads"])
def test_unreadable_config_is_named(tmp_path: Path, program: str) -> None:
    """A malformed config file ends the program with one line that does not show its content."""
    (tmp_path / "config.json").write_text(f'{{"auth_token": "{SECRET}')
    ended = run(BIN / program, "--config", tmp_path / "config.json")
    assert ended.returncode == 2
    assert "is not JSON" in ended.stderr
    assert "Unexpected" not in ended.stderr
    assert SECRET not in ended.stderr


def test_empty_settings_count_as_absent(tap: Callable[..., Any]) -> None:
    """Unset variables of `meltano.yml` arrive as empty strings and mean the default, also for numbers."""
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86_400))
    assert tap(start_date=yesterday, window_days="", client_id="", environment="").status == 0


def test_sync_prints_singer_messages(tap: Callable[..., Any]) -> None:
    """A run prints SCHEMA, then records, then the state, and exits with status 0."""
    ended = tap()
    kinds = [message["type"] for message in ended.messages]
    assert (ended.status, kinds[0], kinds[-1], kinds.count("RECORD")) == (0, "SCHEMA", "STATE", 250)
    assert ended.errors == []


def test_state_file_is_read(tap: Callable[..., Any], account: Sandbox, tmp_path: Path) -> None:
    """The next run accepts the last state that a run printed."""
    state = tap().messages[-1]["value"]
    (tmp_path / "state.json").write_text(json.dumps(state))
    account.statistics.reset()
    assert tap("--state", tmp_path / "state.json").status == 0
    assert account.statistics.requests <= 2  # one page, and the check after it if the lookback has leads


def test_discovery_needs_no_settings() -> None:
    """`--discover` works without settings and without network."""
    ended = run(BIN / "tap-seeker-leads", "--discover")
    (stream,) = json.loads(ended.stdout)["streams"]
    assert ended.returncode == 0
    assert (stream["tap_stream_id"], stream["key_properties"]) == ("leads", ["leadId"])
    assert (stream["replication_method"], stream["replication_key"]) == ("INCREMENTAL", "ingestionDate")


def test_catalog_of_discovery_is_accepted(tap: Callable[..., Any], tmp_path: Path) -> None:
    """`--catalog` accepts the output of `--discover`; a deselected column is left out."""
    catalog = json.loads(run(BIN / "tap-seeker-leads", "--discover").stdout)
    for entry in catalog["streams"][0]["metadata"]:
        entry["metadata"]["selected"] = entry["breadcrumb"] != ["properties", "contactRequest"]
    (tmp_path / "catalog.json").write_text(json.dumps(catalog))
    records = [m["record"] for m in tap("--catalog", tmp_path / "catalog.json").messages if m["type"] == "RECORD"]
    assert len(records) == 250
    assert all("contactRequest" not in record and record["leadId"] for record in records)


def test_connection_test_ends_with_one_sentence(tap: Callable[..., Any], account: Sandbox) -> None:
    """`--test` checks connection and token, and says when the newest lead came, without personal data."""
    newest = max(lead["metadata"]["ingestionDate"] for lead in account.store.all())
    ended = tap("--test")
    assert (ended.status, ended.stdout) == (0, "")
    last = ended.stderr.splitlines()[-1]
    assert (
        f"The connection and the token work; the newest lead is from {to_rfc3339(newest)}; the clocks differ by" in last
    )


def test_connection_test_asks_for_the_newest_week_first(tap: Callable[..., Any], account: Sandbox) -> None:
    """If the last week has a lead, older weeks are not requested."""
    account.add_leads(ingestion_dates=[int(time.time()) - 60])
    account.statistics.reset()
    assert tap("--test", start_date="2020-01-01").status == 0
    assert account.statistics.requests <= 3


def test_connection_test_fails_with_a_wrong_token(tap: Callable[..., Any]) -> None:
    """`--test` with a refused token exits with one line and a non-zero status."""
    ended = tap("--test", auth_token=SECRET)
    assert ended.status == 1
    assert [("`auth_token`" in line) for line in ended.errors] == [True]
    assert SECRET not in ended.stderr


@pytest.mark.parametrize("program", ["tap-seeker-leads", "target-seeker-leads", "seeker-leads-sandbox"])
def test_version_is_the_packages(program: str) -> None:
    """`--version` shows the version of the distribution."""
    assert version("singer-seeker-leads") in run(BIN / program, "--version").stdout


def test_about_lists_every_setting() -> None:
    """`--about` shows the settings with their descriptions, and no batch option."""
    about = json.loads(run(BIN / "tap-seeker-leads", "--about", "--format=json").stdout)
    names = set(about["settings"]["properties"])
    assert {"start_date", "client_secret", "stream_maps", "flattening_enabled"} <= names
    assert "batch_config" not in names


def test_fatal_error_is_one_line_with_a_state(tap: Callable[..., Any], account: Sandbox) -> None:
    """A run that fails prints the state of what is finished and one line, and exits with status 1."""
    account.script(Fault(FaultKind.STATUS, status=403, after=3))
    ended = tap(start_date="2026-01-01", max_concurrent_requests=1)  # so that the first windows are read first
    assert ended.status == 1
    assert len(ended.errors) == 1
    assert "GET /leads answered 403" in ended.errors[0]
    assert ended.messages[-1]["type"] == "STATE"
    assert "replication_key_value" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_loader_that_dies_causes_no_traceback(account: Sandbox, tmp_path: Path) -> None:
    """If the loader dies, the tap exits with an error status; the loader's own log says why."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"api_url": account.api_url, "auth_token": "sandbox-token"}))
    account.add_leads(5000)
    command = f"{BIN / 'tap-seeker-leads'} --config {config} | head -n 2; exit ${{PIPESTATUS[0]}}"
    ended = run("bash", "-c", command)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
