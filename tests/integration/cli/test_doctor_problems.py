"""`seeker-leads doctor` on setups that do not work."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from target_seeker_leads.ledger.ledger import Ledger
from tests.doctor_runs import SECRET, Doctor, checks, credentials, target_files, wrong
from tests.ledger_tools import RETRY, execute

if TYPE_CHECKING:
    from pathlib import Path


def test_firewall_is_not_taken_for_the_api(doctor: Doctor, account: Sandbox, tmp_path: Path) -> None:
    """A web page with 403 says nothing about the account's rights, so the connection is not OK."""
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
        ({"auth_token": None}, "settings", "No credentials are set"),
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
    """The status is 1, and the other parts are checked, too."""
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
    """The line shows the difference and its direction."""
    options = SandboxOptions(leads=3, days=3, enforce_limit=False)
    with Sandbox.start(options, clock=lambda: time.time() - ahead_seconds) as sandbox:
        for plugin in ("tap", "target"):
            settings = {"api_url": sandbox.api_url, **target_files(tmp_path)}
            ended = doctor("--for", plugin, "--json", status=1, **settings)
            assert list(wrong(ended)) == ["clocks"]
            assert words in wrong(ended)["clocks"]


def test_ledgers_that_cannot_be_used(doctor: Doctor, tmp_path: Path) -> None:
    """For a newer format, another file or a database that is not reachable, the line is the target's own."""
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
    """A file that others can read, a symbolic link, a folder and an impossible path are not OK."""
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
    """It is not OK, since each run would request a token, and the vendor limits requests."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ended = doctor("--for", "tap", "--json", status=1, **credentials(account))
    assert "requested, but not cached" in wrong(ended)["token"]
    assert "Not a directory" in wrong(ended)["token"]
    off = doctor("--for", "tap", "--json", **credentials(account), token_cache=False)
    assert "`token_cache` is off" in checks(off)["token"]["says"]
