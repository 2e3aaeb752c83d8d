"""`seeker-leads doctor` on setups that work, and how it finds the settings."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from seeker_leads_sandbox import Fault, FaultKind, Sandbox
from target_seeker_leads.ledger.ledger import Ledger
from tests.doctor_runs import Doctor, checks, credentials, target_files, wrong
from tests.ledger_tools import RETRY

if TYPE_CHECKING:
    from pathlib import Path

TAP = ["settings", "token", "connection", "newest lead", "clocks", "limiter"]
TARGET = ["settings", "token", "connection", "clocks", "limiter", "ledger", "rejects file"]
SCOPE = json.dumps({"type": "x", "title": "Forbidden", "status": 403, "detail": "lacks the scope leads:read"})


def test_tap_that_works(doctor: Doctor, account: Sandbox) -> None:
    """Each part has one line, in order; the newest lead's instant is shown."""
    ended = doctor("--for", "tap")
    lines = [line.split(None, 2) for line in ended.stdout.splitlines()]
    assert [line[:2] for line in lines] == [["OK", "tap"]] * len(TAP)
    assert [line[2].partition(":")[0] for line in lines] == TAP
    newest = max(lead["metadata"]["ingestionDate"] for lead in account.store.all())
    assert f"the newest lead is from {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(newest))}" in ended.stdout
    assert ended.stderr == ""


def test_target_that_works(doctor: Doctor, account: Sandbox, tmp_path: Path) -> None:
    """A missing ledger or rejects file is OK and not created by the doctor; existing ones are checked."""
    files = target_files(tmp_path)
    ended = doctor("--json", **files)
    assert [*checks(ended)] == TARGET
    assert json.loads(ended.stdout)["ok"] is True
    assert "will be created" in checks(ended)["ledger"]["says"]
    assert "will be created" in checks(ended)["rejects file"]["says"]
    assert not (tmp_path / "data").exists()
    assert account.created == []
    Ledger.open(files["ledger_url"], RETRY).close()
    (tmp_path / "data" / "r.jsonl").touch(0o600)
    (tmp_path / "data" / "r.jsonl").write_text("{}\n{}\n")
    reported = checks(doctor("--json", **files))
    assert reported["ledger"]["says"].endswith("ledger.db, format 2, 0 rows")
    assert "r.jsonl, mode 0600, letters: 2" in reported["rejects file"]["says"]


def test_accounts_have_a_line_each(doctor: Doctor, account: Sandbox, tmp_path: Path) -> None:
    """Each account has one line, and an account that does not work does not hide the others."""
    client = {"client_id": account.options.client_id, "client_secret": account.options.client_secret}
    accounts = [{"label": "paris", **client}, {"label": "lyon", "auth_token": "expired"}]
    for plugin, more in (("tap", {}), ("target", target_files(tmp_path))):
        ended = doctor("--for", plugin, "--json", status=1, accounts=accounts, auth_url=account.token_url, **more)
        assert list(wrong(ended)) == ["account lyon"]
        assert "401" in wrong(ended)["account lyon"]
        assert "the API answers" in checks(ended)["account paris"]["says"]


def test_shared_limit_is_named(doctor: Doctor, database_url: str) -> None:
    """The line of the limiter names the database that shares the limit, without a password."""
    reported = checks(doctor("--for", "tap", "--json", rate_limit_url=database_url))["limiter"]["says"]
    assert "shared through postgresql://" in reported


def test_ledger_in_postgresql(doctor: Doctor, empty_postgres: str, tmp_path: Path) -> None:
    """A ledger in PostgreSQL is checked, and not created."""
    files = {**target_files(tmp_path), "ledger_url": empty_postgres}
    assert "will be created" in checks(doctor("--json", **files))["ledger"]["says"]
    Ledger.open(empty_postgres, RETRY).close()
    assert "format 2, 0 rows" in checks(doctor("--json", **files))["ledger"]["says"]


@pytest.mark.parametrize("plugin", ["tap", "target"])
def test_kept_token_is_not_requested_again(doctor: Doctor, account: Sandbox, tmp_path: Path, plugin: str) -> None:
    """A token is requested only if none is cached; the remaining time is shown."""
    settings = {**target_files(tmp_path), **credentials(account)}
    assert (
        "requested, since none was cached; used for 23 h 5"
        in checks(doctor("--for", plugin, "--json", **settings))["token"]["says"]
    )
    assert (
        "cached, and used for another 23 h 5" in checks(doctor("--for", plugin, "--json", **settings))["token"]["says"]
    )
    assert len(account.issued_tokens) == 1


@pytest.mark.parametrize("body", ["", SCOPE, '{"message": "Forbidden"}'])
def test_account_that_may_only_write_is_as_good_for_a_target(
    doctor: Doctor, account: Sandbox, tmp_path: Path, body: str
) -> None:
    """For a target, any 403 to a GET is OK and costs no token request; a tap needs that right."""
    settings = {**target_files(tmp_path), **credentials(account)}
    account.script(Fault(FaultKind.STATUS, method="GET", status=403, body=body or None, times=None))
    reported = checks(doctor("--for", "target", "--json", **settings))
    assert "may not read leads, which a target does not need" in reported["connection"]["says"]
    doctor("--for", "target", **settings)
    assert len(account.issued_tokens) == 1
    ended = doctor("--for", "tap", "--json", status=1, **settings)
    assert list(wrong(ended)) == ["connection"]
    assert "Ask the vendor for the scope" in wrong(ended)["connection"]


@pytest.mark.parametrize(
    ("settings", "plugins"),
    [
        ({"start_date": "2026-01-01"}, ["tap"]),
        ({"dedupe_by": "content"}, ["target"]),
        ({}, ["tap", "target"]),
        ({"start_date": "2026-01-01", "timezone": "Europe/Paris"}, ["tap", "target"]),
    ],
)
def test_plugin_is_told_by_its_settings(
    doctor: Doctor, settings: dict[str, Any], plugins: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file for one plugin is not checked for the other; settings of the other plugin are not typos."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    listed = json.loads(doctor("--json", **settings).stdout)["checks"]
    assert list(dict.fromkeys(each["plugin"] for each in listed)) == plugins


def test_settings_come_from_the_plugins_variables(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor reads the variables that Meltano sets; without any, one line says what to set."""
    for name in [name for name in os.environ if name.startswith(("TAP_SEEKER_LEADS_", "TARGET_SEEKER_LEADS_"))]:
        monkeypatch.delenv(name)
    ended = CliRunner().invoke(main, ["doctor"])
    assert (ended.exit_code, "No settings are given" in ended.stderr) == (2, True)
    monkeypatch.setenv("TAP_SEEKER_LEADS_API_URL", account.api_url)
    monkeypatch.setenv("TAP_SEEKER_LEADS_AUTH_TOKEN", account.options.token)
    ended = CliRunner().invoke(main, ["doctor"])
    assert (ended.exit_code, ended.stdout.count(" tap ")) == (0, len(TAP))
    assert " target " not in ended.stdout
