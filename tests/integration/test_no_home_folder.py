"""Tap and target of a user without a home folder."""

from __future__ import annotations

import pwd
from typing import TYPE_CHECKING, NoReturn

import pytest

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.settings import TargetSettings
from tests.client_credentials import as_client
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner


def unknown(user_id: int) -> NoReturn:
    raise KeyError(user_id)


@pytest.fixture(autouse=True)
def no_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the variable and the password-file entry that name the home folder, as in some containers."""
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)  # where a folder named ~ would be created


def test_tap_without_a_home_asks_for_a_token(
    run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Without a place for the token cache, the tap requests a token, warns once, and leaves no file behind."""
    for _ in range(2):
        caplog.clear()
        assert run_tap(**as_client(sandbox)).error is None
        assert [r.levelname for r in caplog.records if "token cache" in r.getMessage()] == ["WARNING"]
    assert sandbox.statistics.token_requests == 2
    assert list(tmp_path.iterdir()) == []


def test_target_without_a_home_asks_for_a_token(run_target: TargetRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """If both of its files have a path, the target also only requests a token."""
    run = run_target([SCHEMA, record(1)], **as_client(sandbox))
    assert run.error is None
    assert len(sandbox.created) == 1
    assert sum("token cache" in line for line in run.log) == 1
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "`ledger_url` and `rejects_path` must be set"),
        ({"ledger_url": "sqlite:////x/ledger.db"}, "^`rejects_path` must be set"),
        ({"rejects_path": "/x/rejects.jsonl"}, "^`ledger_url` must be set"),
        ({"ledger_url": "sqlite:////x/ledger.db", "rejects_path": "~/rejects.jsonl"}, "`rejects_path` begins with a ~"),
    ],
)
def test_settings_without_a_default_are_named(given: dict[str, str], named: str) -> None:
    """If no home folder provides the defaults, the error names the settings that are needed."""
    with pytest.raises(SettingsError, match=named):
        TargetSettings.from_config({"auth_token": "x", **given})


@pytest.mark.parametrize("user", ["~", "~nobody-of-this-name"])
def test_ledger_in_an_unknown_home_is_a_wrong_setting(run_target: TargetRunner, user: str) -> None:
    """If `ledger_url` begins with the ~ of an unknown user, the error names the setting."""
    run = run_target([SCHEMA], ledger_url=f"sqlite:///{user}/ledger.db")
    assert isinstance(run.error, SettingsError)
    assert "`ledger_url`" in str(run.error)
