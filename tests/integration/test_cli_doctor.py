"""`seeker-leads doctor` on set-ups that work, and on those that do not."""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from target_seeker_leads.ledger.ledger import Ledger
from tests.ledger_tools import RETRY, execute

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

Doctor = Callable[..., Any]
SECRET = "a-secret-of-the-agency"
TAP = ["settings", "token", "connection", "newest lead", "clocks", "limiter"]
TARGET = ["settings", "token", "connection", "clocks", "limiter", "ledger", "rejects file"]
SCOPE = json.dumps({"type": "x", "title": "Forbidden", "status": 403, "detail": "lacks the scope leads:read"})


@pytest.fixture
def account() -> Iterator[Sandbox]:
    """A sandbox at the real time, with some leads of the last days."""
    with Sandbox.start(SandboxOptions(leads=30, days=3, enforce_limit=False, client_secret=SECRET)) as sandbox:
        yield sandbox


@pytest.fixture
def doctor(account: Sandbox, tmp_path: Path) -> Doctor:
    """Ask the doctor of settings of the test's own; a setting of None is left out."""

    def run(*arguments: str, status: int = 0, **settings: Any) -> Result:
        config = tmp_path / "config.json"
        content = {"api_url": account.api_url, "auth_token": account.options.token, "max_retries": 0, **settings}
        config.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))
        ended = CliRunner().invoke(main, ["doctor", "--config", str(config), *arguments])
        assert ended.exit_code == status, ended.output
        assert SECRET not in ended.output
        assert account.options.token not in ended.output
        return ended

    return run


def target_files(folder: Path) -> dict[str, str]:
    return {
        "ledger_url": f"sqlite:///{folder / 'data' / 'ledger.db'}",
        "rejects_path": str(folder / "data" / "r.jsonl"),
    }


def checks(ended: Result) -> dict[str, dict[str, Any]]:
    return {each["check"]: each for each in json.loads(ended.stdout)["checks"]}


def wrong(ended: Result) -> dict[str, str]:
    """What is not OK, and what is said of it."""
    return {name: each["says"] for name, each in checks(ended).items() if not each["ok"]}


def test_tap_that_works(doctor: Doctor, account: Sandbox) -> None:
    """One line for each part, in order; the newest lead's instant is among them."""
    ended = doctor("--for", "tap")
    lines = [line.split(None, 2) for line in ended.stdout.splitlines()]
    assert [line[:2] for line in lines] == [["OK", "tap"]] * len(TAP)
    assert [line[2].partition(":")[0] for line in lines] == TAP
    newest = max(lead["metadata"]["ingestionDate"] for lead in account.store.all())
    assert f"the newest lead is from {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(newest))}" in ended.stdout
    assert ended.stderr == ""


def test_target_that_works(doctor: Doctor, account: Sandbox, tmp_path: Path) -> None:
    """Ledger and rejects file that are not there will be created, and not by the doctor; then they are read."""
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
    said = checks(doctor("--json", **files))
    assert said["ledger"]["says"].endswith("ledger.db, format 2, 0 rows")
    assert "r.jsonl, mode 0600, letters: 2" in said["rejects file"]["says"]


def test_accounts_have_a_line_each(doctor: Doctor, account: Sandbox, tmp_path: Path) -> None:
    """Each of several accounts is one line, and one that does not work does not hide the others."""
    client = {"client_id": account.options.client_id, "client_secret": account.options.client_secret}
    accounts = [{"label": "paris", **client}, {"label": "lyon", "auth_token": "expired"}]
    for plugin, more in (("tap", {}), ("target", target_files(tmp_path))):
        ended = doctor("--for", plugin, "--json", status=1, accounts=accounts, auth_url=account.token_url, **more)
        assert list(wrong(ended)) == ["account lyon"]
        assert "401" in wrong(ended)["account lyon"]
        assert "the API answers" in checks(ended)["account paris"]["says"]


def test_shared_limit_is_named(doctor: Doctor, database_url: str) -> None:
    """The line of the limiter names the database that shares the limit, without a password."""
    said = checks(doctor("--for", "tap", "--json", rate_limit_url=database_url))["limiter"]["says"]
    assert "shared through postgresql://" in said


def test_ledger_in_postgresql(doctor: Doctor, empty_postgres: str, tmp_path: Path) -> None:
    """It is reached, and not made."""
    files = {**target_files(tmp_path), "ledger_url": empty_postgres}
    assert "will be created" in checks(doctor("--json", **files))["ledger"]["says"]
    Ledger.open(empty_postgres, RETRY).close()
    assert "format 2, 0 rows" in checks(doctor("--json", **files))["ledger"]["says"]


def credentials(account: Sandbox) -> dict[str, Any]:
    return {
        "auth_token": None,
        "client_id": account.options.client_id,
        "client_secret": SECRET,
        "auth_url": account.token_url,
    }


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
    """A 403 to a GET is nothing to a target, in whatever words, and costs no token request; a tap needs that right."""
    settings = {**target_files(tmp_path), **credentials(account)}
    account.script(Fault(FaultKind.STATUS, method="GET", status=403, body=body or None, times=None))
    said = checks(doctor("--for", "target", "--json", **settings))
    assert "may not read leads, which a target does not need" in said["connection"]["says"]
    doctor("--for", "target", **settings)
    assert len(account.issued_tokens) == 1
    ended = doctor("--for", "tap", "--json", status=1, **settings)
    assert list(wrong(ended)) == ["connection"]
    assert "Ask the vendor for the scope" in wrong(ended)["connection"]


def test_firewall_is_not_taken_for_the_api(doctor: Doctor, account: Sandbox, tmp_path: Path) -> None:
    """Its web page with 403 says nothing of rights, so the connection is not OK."""
    page = Fault(FaultKind.STATUS, method="GET", status=403, body="<html>Forbidden</html>", content_type="text/html")
    account.script(page)
    ended = doctor("--json", status=1, **target_files(tmp_path))
    assert "a firewall or proxy probably sent it" in wrong(ended)["connection"]


def jwt(**claims: Any) -> str:
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.c2ln"


def test_life_of_a_given_token(doctor: Doctor, tmp_path: Path) -> None:
    """The doctor shows when a JWT expires; an expired one is not sent."""
    settings = target_files(tmp_path)
    ended = doctor("--json", status=1, auth_token=jwt(exp=time.time() - 7200.5), **settings)
    assert "expired 2 h ago: set a new one" in wrong(ended)["token"]
    assert "connection" not in checks(ended)
    assert "it expires in 1 h 59 min" in doctor(status=1, auth_token=jwt(exp=time.time() + 7199), **settings).stdout
    assert "does not show when it expires" in doctor(status=1, auth_token=jwt(exp="soon"), **settings).stdout


@pytest.mark.parametrize(
    ("settings", "check", "words"),
    [
        ({"auth_token": None}, "settings", "Neither `auth_token` nor"),
        ({"start_date": "yesterday"}, "settings", "`start_date` must be"),
        ({"start_dat": "2026-01-01"}, "settings", "did you mean `start_date`?"),
        ({"auth_token": "another-token"}, "connection", "answered 401"),
        ({"api_url": "http://127.0.0.1:9/v1"}, "connection", "Check `api_url`"),
        ({"rate_limit_requests": 20}, "limiter", "lower `rate_limit_requests`"),
        ({"rate_limit_period_ms": 100}, "limiter", "raise `rate_limit_period_ms`"),
        ({"max_concurrent_requests": 11}, "limiter", "max_concurrent_requests"),
        (
            {"auth_token": None, "client_id": "sandbox", "client_secret": "x", "auth_url": "AUTH"},
            "token",
            "client_secret",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_the_cure(
    doctor: Doctor, account: Sandbox, settings: dict[str, Any], check: str, words: str
) -> None:
    """The status is 1, and the rest is looked at all the same."""
    if "auth_url" in settings:
        settings = {**settings, "auth_url": account.token_url}
    ended = doctor("--for", "tap", "--json", status=1, **settings)
    assert list(wrong(ended)) == [check]
    assert words in wrong(ended)[check]
    assert "\n" not in wrong(ended)[check]
    shown = doctor("--for", "tap", status=1, **settings)
    assert f"NOT OK  tap     {check}: " in shown.stdout
    assert len(shown.stdout.splitlines()) == len(checks(ended))
    assert ended.stderr == ""


@pytest.mark.parametrize(("ahead_seconds", "words"), [(600, "10 min ahead of"), (-600, "behind")])
def test_clock_that_is_wrong(doctor: Doctor, ahead_seconds: int, words: str, tmp_path: Path) -> None:
    """It is named, with by how much and in which direction."""
    options = SandboxOptions(leads=3, days=3, enforce_limit=False)
    with Sandbox.start(options, clock=lambda: time.time() - ahead_seconds) as sandbox:
        for plugin in ("tap", "target"):
            settings = {"api_url": sandbox.api_url, **target_files(tmp_path)}
            ended = doctor("--for", plugin, "--json", status=1, **settings)
            assert list(wrong(ended)) == ["clocks"]
            assert words in wrong(ended)["clocks"]


def test_ledgers_that_cannot_be_used(doctor: Doctor, tmp_path: Path) -> None:
    """A newer format, another file, a database that is not reached: the line of the target's own."""
    files = target_files(tmp_path)
    Ledger.open(files["ledger_url"], RETRY).close()
    execute(files["ledger_url"], "UPDATE seeker_leads_ledger_version SET version = 99")
    assert "newer version" in wrong(doctor("--json", status=1, **files))["ledger"]
    (tmp_path / "data" / "ledger.db").write_text("some other file, which is long enough to be none\n" * 100)
    assert "set `ledger_url` to another file" in wrong(doctor("--json", status=1, **files))["ledger"]
    url = f"postgresql://someone:{SECRET}@127.0.0.1:9/leads"
    assert "could not be opened" in wrong(doctor("--json", status=1, **{**files, "ledger_url": url}))["ledger"]
    (tmp_path / "file").touch()
    blocked = {**files, "ledger_url": f"sqlite:///{tmp_path / 'file' / 'ledger.db'}"}
    assert list(wrong(doctor("--json", status=1, **blocked))) == ["ledger"]


def test_rejects_files_that_cannot_be_used(doctor: Doctor, tmp_path: Path) -> None:
    """Readable by others, a symbolic link, a folder, in a place where no file can be."""
    path = tmp_path / "rejects.jsonl"
    files = {**target_files(tmp_path), "rejects_path": str(path)}
    path.touch()
    path.chmod(0o644)
    assert (
        "mode 0644, so others can read personal data: chmod 600"
        in wrong(doctor("--json", status=1, **files))["rejects file"]
    )
    path.rename(tmp_path / "real.jsonl")
    path.symlink_to(tmp_path / "real.jsonl")
    assert "symbolic link" in wrong(doctor("--json", status=1, **files))["rejects file"]
    assert (
        "not a regular file"
        in wrong(doctor("--json", status=1, **{**files, "rejects_path": str(tmp_path)}))["rejects file"]
    )
    below = {**files, "rejects_path": str(tmp_path / "real.jsonl" / "rejects.jsonl")}
    assert list(wrong(doctor("--json", status=1, **below))) == ["rejects file"]


def test_cache_that_cannot_keep_the_token(doctor: Doctor, account: Sandbox, monkeypatch: Any, tmp_path: Path) -> None:
    """Each run would request a token, which the vendor counts: not OK."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ended = doctor("--for", "tap", "--json", status=1, **credentials(account))
    assert "requested, but not cached" in wrong(ended)["token"]
    assert "Not a directory" in wrong(ended)["token"]
    off = doctor("--for", "tap", "--json", **credentials(account), token_cache=False)
    assert "`token_cache` is off" in checks(off)["token"]["says"]


@pytest.mark.parametrize(
    ("settings", "plugins"),
    [
        ({"start_date": "2026-01-01"}, ["tap"]),
        ({"ledger_url": "sqlite:////nowhere/ledger.db"}, ["target"]),
        ({}, ["tap", "target"]),
        ({"start_date": "2026-01-01", "timezone": "Europe/Paris"}, ["tap", "target"]),
    ],
)
def test_plugin_is_told_by_its_settings(
    doctor: Doctor, settings: dict[str, Any], plugins: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file for one of them is not looked at for the other; settings of the other one are no typo."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    listed = json.loads(doctor("--json", **settings).stdout)["checks"]
    assert list(dict.fromkeys(each["plugin"] for each in listed)) == plugins


def test_settings_come_from_the_plugins_variables(account: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Meltano hands them over; without any, one line says what to give."""
    for name in [name for name in os.environ if name.startswith(("TAP_SEEKER_LEADS_", "TARGET_SEEKER_LEADS_"))]:
        monkeypatch.delenv(name)
    ended = CliRunner().invoke(main, ["doctor"])
    assert (ended.exit_code, "No settings are given" in ended.stderr) == (2, True)
    monkeypatch.setenv("TAP_SEEKER_LEADS_API_URL", account.api_url)
    monkeypatch.setenv("TAP_SEEKER_LEADS_AUTH_TOKEN", account.options.token)
    ended = CliRunner().invoke(main, ["doctor"])
    assert (ended.exit_code, ended.stdout.count(" tap ")) == (0, len(TAP))
    assert " target " not in ended.stdout
