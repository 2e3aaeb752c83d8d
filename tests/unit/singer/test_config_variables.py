from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.config import from_environment
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from pathlib import Path

    from singer_sdk.plugin_base import PluginBase

DECLARED: dict[str, Any] = {
    "dry_run": {"type": ["boolean", "null"]},
    "max_retries": {"type": ["integer", "null"]},
    "defaults": {"type": ["object", "null"]},
    "auth_token": {"type": ["string", "null"]},
}
PLUGINS = (TapSeekerLeads, TargetSeekerLeads)


def read(**variables: str) -> dict[str, Any]:
    return from_environment({f"X_{name}": text for name, text in variables.items()}, "X_", DECLARED)


@pytest.mark.parametrize("word", ["true", "1", "yes", "on", "TRUE", "True", " true ", "oN\n"])
def test_words_for_true(word: str) -> None:
    """Any of four words turns a switch on, in upper or lower case and with blanks around it."""
    assert read(DRY_RUN=word) == {"dry_run": True}


@pytest.mark.parametrize("word", ["false", "0", "no", "off", "FALSE", " No "])
def test_words_for_false(word: str) -> None:
    """Any of four words turns a switch off."""
    assert read(DRY_RUN=word) == {"dry_run": False}


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        *(({"DRY_RUN": word}, ["`dry_run` must be true or false"]) for word in ("y", "t", "enabled", "tru e", "2")),
        *(({"MAX_RETRIES": text}, ["`max_retries` must be a whole number"]) for text in ("zoé", "1.5", "9" * 5000)),
        *(
            ({"DEFAULTS": text}, ["`defaults` must be a JSON object"])
            for text in ("{zoé: x}", "{'", "NaN", "[" * 9999, '{"a": "1", "a": "2"}')
        ),
        ({"DRY_RUN": "zoé", "MAX_RETRIES": "zoé"}, ["`dry_run`", "`max_retries`", "X_DRY_RUN", "X_MAX_RETRIES"]),
    ],
)
def test_what_cannot_be_read_is_named(variables: dict[str, str], named: list[str]) -> None:
    """A value of the wrong type is reported with its variable, and never guessed or shown."""
    with pytest.raises(SettingsError) as caught:
        read(**variables)
    assert all(words in str(caught.value) for words in named)
    assert "zoé" not in str(caught.value)


def test_values_of_each_kind() -> None:
    """Numbers keep their digits; text is not changed."""
    assert read(MAX_RETRIES=" 07 ", DEFAULTS='{"a": 0.10}', AUTH_TOKEN=" x ", OTHER="1") == {
        "max_retries": 7,
        "defaults": {"a": Decimal("0.10")},
        "auth_token": " x ",
    }


def test_empty_variable_is_not_given() -> None:
    """An empty variable counts as not set, whatever the type of its setting."""
    assert read(DRY_RUN="", MAX_RETRIES=" ", DEFAULTS="\n", AUTH_TOKEN="") == {}


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize(
    ("name", "text"), [("TOKEN_CACHE", "y"), ("MAX_RETRIES", "abc"), ("STREAM_MAPS", "{'x"), ("MAX_RETRIES", "101")]
)
def test_plugins_read_their_variables_strictly(
    plugin: type[PluginBase], name: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With `--config=ENV`, a variable that cannot be read ends the run with the name of its setting."""
    prefix = plugin.name.upper().replace("-", "_")
    monkeypatch.setenv(f"{prefix}_AUTH_TOKEN", "x")
    monkeypatch.setenv(f"{prefix}_{name}", text)
    with pytest.raises(SettingsError, match=f"`{name.lower()}`"):
        plugin(parse_env_config=True)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_empty_variables_leave_the_file_alone(plugin: type[PluginBase], monkeypatch: pytest.MonkeyPatch) -> None:
    """With both a file and ENV, an empty variable does not replace the file's value."""
    prefix = plugin.name.upper().replace("-", "_")
    monkeypatch.setenv(f"{prefix}_MAX_RETRIES", "")
    monkeypatch.setenv(f"{prefix}_STREAM_MAPS", "")
    monkeypatch.setenv(f"{prefix}_USER_AGENT", "CRM/2")
    made = plugin(config={"auth_token": "x", "max_retries": 3, "user_agent": "CRM/1"}, parse_env_config=True)
    assert (made.config["max_retries"], made.config["user_agent"]) == (3, "CRM/2")


def test_dotenv_file_is_read_strictly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The `.env` file is read like environment variables."""
    prefix = "TARGET_SEEKER_LEADS_"
    file = tmp_path / ".env"
    monkeypatch.setattr("seeker_leads_singer.config.find_dotenv", lambda: str(file))
    for name in ("AUTH_TOKEN", "DRY_RUN", "DEFAULTS"):  # so that pytest unsets them after the test
        monkeypatch.setenv(prefix + name, "")
    lines = [f"{prefix}AUTH_TOKEN=x", f"{prefix}DRY_RUN=Yes", f"{prefix}DEFAULTS='{json.dumps({'language': 'FR'})}'"]
    file.write_text("\n".join(lines))
    target = TargetSeekerLeads(parse_env_config=True)
    assert (target.settings.dry_run, target.settings.defaults) == (True, {"language": "FR"})
    file.write_text("\n".join([*lines, f"{prefix}DRY_RUN=y"]))
    with pytest.raises(SettingsError, match="`dry_run` must be true or false"):
        TargetSeekerLeads(parse_env_config=True)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_dotenv_file_that_cannot_be_read_is_named(
    plugin: type[PluginBase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `.env` file that is not UTF-8 ends the run with a message that says what to do."""
    file = tmp_path / ".env"
    file.write_bytes("# cl\u00e9 de l'agence".encode("latin-1"))
    monkeypatch.setattr("seeker_leads_singer.config.find_dotenv", lambda: str(file))
    with pytest.raises(SettingsError, match=r"`\.env` file cannot be read"):
        plugin(parse_env_config=True)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_level_of_the_log_in_a_dotenv_file(
    plugin: type[PluginBase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unknown level in the `.env` file, which is read after the log setup, is reported, too."""
    file = tmp_path / ".env"
    file.write_text("LOGLEVEL=verbose")
    monkeypatch.setattr("seeker_leads_singer.config.find_dotenv", lambda: str(file))
    monkeypatch.setenv("LOGLEVEL", "")
    with pytest.raises(SettingsError, match="LOGLEVEL must be one of"):
        plugin(parse_env_config=True)
