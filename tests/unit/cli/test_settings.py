from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.settings import read_config, without_account
from target_seeker_leads.settings import TargetSettings

if TYPE_CHECKING:
    from pathlib import Path


def test_files_take_precedence_over_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a settings file, environment variables are ignored."""
    monkeypatch.setenv("TARGET_SEEKER_LEADS_TIMEZONE", "Europe/Paris")
    assert read_config([])["timezone"] == "Europe/Paris"
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"date_format": "%d/%m/%Y"}))
    assert read_config([str(file)]) == {"date_format": "%d/%m/%Y"}


@pytest.mark.parametrize(
    "value",
    [
        {"leads": {"language": "'FR'", "__filter__": "True"}},
        {"leads.language": "'FR'", "leads.__filter__": "True"},
    ],
)
def test_stream_maps_are_read_as_meltano_writes_them(monkeypatch: pytest.MonkeyPatch, value: object) -> None:
    """Meltano flattens the maps in a variable; nested maps are accepted, too."""
    monkeypatch.setenv("TARGET_SEEKER_LEADS_STREAM_MAPS", json.dumps(value))
    assert read_config([])["stream_maps"] == {"leads": {"language": "'FR'", "__filter__": "True"}}


@pytest.mark.parametrize("given", ["%d/%m/%Y %H:%M", '["%d/%m/%Y %H:%M"]'])
def test_single_date_format_may_be_text(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """A variable contains a JSON list, or a single text."""
    monkeypatch.setenv("TARGET_SEEKER_LEADS_DATE_FORMAT", given)
    settings = TargetSettings.from_config(without_account(read_config([])))
    assert settings.dates.formats == ("%d/%m/%Y %H:%M",)


def test_missing_file_is_named() -> None:
    """A wrong path is reported in one line."""
    with pytest.raises(SettingsError, match="does not exist"):
        read_config(["nothing.json"])


@pytest.mark.parametrize(
    "config", [{}, {"client_id": "a", "client_secret": "b"}, {"auth_token": "x"}, {"client_id": "half of it"}]
)
def test_a_preview_needs_no_account(config: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A preview ignores all account settings, even incomplete ones, and needs no home folder."""
    monkeypatch.delenv("HOME", raising=False)
    assert TargetSettings.from_config(without_account(config)).connection.credentials is None
