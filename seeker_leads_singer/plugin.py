"""The common base of tap and target: command, settings, log and signals."""

from __future__ import annotations

import logging
from abc import abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from singer_sdk.cli import plugin_cli
from singer_sdk.plugin_base import PluginBase

from seeker_leads_api.accounts import refuse_unset_accounts
from seeker_leads_api.declarations import refuse_unfit
from seeker_leads_singer import signals, stream_maps
from seeker_leads_singer.command import PluginCommand
from seeker_leads_singer.config import (
    ConfigInput,
    read_environment,
    read_files,
    unknown_settings,
    variable_prefix,
)
from seeker_leads_singer.log import setting_up_the_log
from seeker_leads_singer.package import PACKAGE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

SettingsT = TypeVar("SettingsT")
#: The value of `--config` that means environment variables instead of a file.
_VARIABLES = "ENV"
_PARTS_OF_A_COMMAND = ("name", "callback", "context_settings", "params", "help")


class Plugin(PluginBase, Generic[SettingsT]):
    """Mixin for a tap or target, placed before the SDK's class."""

    package_name = PACKAGE_NAME

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        **options: Any,  # noqa: ANN401  # the SDK's
    ) -> None:
        """Construct the plugin with checked settings.

        Raises:
            SettingsError: a setting is wrong.
            StoppedError: a signal arrived in the meantime.
        """
        self.append_builtin_config(self.config_jsonschema)
        values = dict(config or {})
        if parse_env_config:
            values |= read_environment(variable_prefix(self.name), self.config_jsonschema["properties"])
        if validate_config:
            refuse_unset_accounts(values)
        # Meltano passes an unset variable as an empty string, which the SDK would treat as a value.
        values = {name: value for name, value in values.items() if value != ""}
        if validate_config:
            self.settings = self.parse_settings(values)
            refuse_unfit(values, self.config_jsonschema)
        # The SDK would read an unknown word as false, and its validation prints values, even secrets. So it only fills
        # in defaults here.
        with signals.handed_to(self.stop):
            super().__init__(config=values, parse_env_config=False, validate_config=False, **options)
        for warning in unknown_settings(values, self.config_jsonschema["properties"]):
            self.logger.warning(warning)
        if parse_env_config:
            self.logger.info("Settings are read from environment variables, which take precedence over files")

    @cached_property
    def settings(self) -> SettingsT:
        """The settings, parsed once: by the constructor or, if it does not validate them (as for discovery), here.

        Raises:
            SettingsError: a setting is wrong.
        """
        return self.parse_settings(self.config)

    @abstractmethod
    def parse_settings(self, config: Mapping[str, Any]) -> SettingsT:
        """Parse the configuration.

        Raises:
            SettingsError: names the wrong setting and the fix.
        """

    @abstractmethod
    def stop(self, signal_number: int) -> None:
        """Stop the run gracefully; called from a signal handler.

        Raises:
            StoppedError: nothing is in progress that must be finished.
        """

    def setup_mapper(self) -> None:
        """Set up the SDK's stream maps, without their DEBUG log, which contains personal data from filter expressions.

        Raises:
            SettingsError: the stream maps do not fit the stream.
        """
        logging.getLogger("singer_sdk.mapper").setLevel(logging.INFO)
        with stream_maps.fitting(self.config):
            super().setup_mapper()

    @classmethod
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:  # noqa: ANN401, ARG003  # the SDK's
        """Read the files that `--config` names.

        Raises:
            SettingsError: a file cannot be read as settings.
        """
        files = [each for each in value if each != _VARIABLES]
        return ConfigInput(read_files(files), parse_env=_VARIABLES in value)

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805  # called with the class
        """Set up the log and return the command."""
        command = cls.get_singer_command()  # before the log, so that an error below is about the log
        with setting_up_the_log(variable_prefix(cls.name)):
            super().cli  # noqa: B018  # sets the log up
        return command

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with every error as one line."""
        command = super().get_singer_command()
        parts = {name: getattr(command, name) for name in _PARTS_OF_A_COMMAND}
        return PluginCommand(logger=cls.logger, **parts)
