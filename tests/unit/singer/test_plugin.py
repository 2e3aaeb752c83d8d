"""The common base of tap and target."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import click
import pytest

from seeker_leads_api.errors import SettingsError, StoppedError
from seeker_leads_api.settings import ConnectionSettings
from seeker_leads_singer.signals import handed_to
from tap_seeker_leads.tap import TapSeekerLeads
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from singer_sdk.plugin_base import PluginBase

PLUGINS = pytest.mark.parametrize("plugin", [TapSeekerLeads, TargetSeekerLeads])
STOPS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Restore the signal handlers after the test."""
    before = [(number, signal.getsignal(number)) for number in STOPS]
    yield
    for number, handler in before:
        signal.signal(number, handler)


@PLUGINS
def test_settings_are_parsed_once(plugin: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that the constructor checked are used everywhere: nothing parses them again."""
    parsed: list[Any] = []
    parse = ConnectionSettings.from_config

    def counted(values: Any) -> ConnectionSettings:
        parsed.append(values)
        return parse(values)

    monkeypatch.setattr(ConnectionSettings, "from_config", counted)
    made = plugin(config={"auth_token": "x"})
    assert made.settings is made.settings
    assert made.settings.connection.api_url
    for stream in getattr(made, "streams", {}).values():
        assert stream.settings is made.settings
    assert len(parsed) == 1


@PLUGINS
def test_settings_are_not_needed_without_validation(plugin: Callable[..., Any]) -> None:
    """A plugin that only describes itself, as for `--discover`, needs no settings; reading them raises an error."""
    made = plugin(config={"start_date": "", "max_retries": ""}, validate_config=False)
    with pytest.raises(SettingsError, match="`auth_token`"):
        _ = made.settings


@PLUGINS
def test_given_settings_are_left_alone(plugin: type[PluginBase]) -> None:
    """A plugin does not change the dictionary of settings; an empty text in it counts as not set."""
    config = {"auth_token": "x", "user_agent": "", "max_retries": ""}
    made = plugin(config=config)
    assert config == {"auth_token": "x", "user_agent": "", "max_retries": ""}
    assert "user_agent" not in made.config
    assert made.config["max_retries"] == 7


@PLUGINS
def test_settings_of_the_sdk_are_named_without_their_values(plugin: type[PluginBase]) -> None:
    """A setting of the SDK is checked like our own: the error names it and does not show its value."""
    with pytest.raises(SettingsError, match="`stream_maps`") as caught:
        plugin(config={"auth_token": "x", "stream_maps": "jane@example.com"})
    assert "jane" not in str(caught.value)


@PLUGINS
def test_config_env_reads_variables(plugin: type[PluginBase], tmp_path: Path) -> None:
    """`ENV` at any position means environment variables, not a file; without `--config`, nothing is read."""
    (tmp_path / "config.json").write_text('{"a": 1}')
    command = plugin.get_singer_command()
    (option,) = [each for each in command.params if each.name == "config"]
    context = click.Context(command)
    for given, config, parse_env in (
        (("ENV", str(tmp_path / "config.json")), {"a": 1}, True),
        (("ENV",), {}, True),
        ((), {}, False),
    ):
        read = option.process_value(context, given)
        assert (read.config, read.parse_env) == (config, parse_env)


@pytest.mark.parametrize("number", STOPS)
def test_signal_is_handed_on_once_the_plugin_is_made(number: signal.Signals) -> None:
    """A signal during the construction of a plugin is held back until its end; later signals arrive at once."""
    heard: list[int] = []
    with handed_to(heard.append):
        signal.signal(number, signal.default_int_handler)  # as the SDK's constructor sets its own
        signal.raise_signal(number)
        assert heard == []
    assert heard == [number]
    other = next(each for each in STOPS if each is not number)
    signal.raise_signal(other)
    assert heard == [number, other]


def test_signal_while_a_plugin_cannot_be_made_stops_the_program() -> None:
    """If the constructor fails, the signal ends the program, and no incomplete plugin is asked to stop."""
    asked_to_stop: list[int] = []

    def fail() -> None:
        with handed_to(asked_to_stop.append):
            signal.raise_signal(signal.SIGTERM)
            raise RuntimeError

    with pytest.raises(StoppedError, match="SIGTERM"):
        fail()
    assert asked_to_stop == []
