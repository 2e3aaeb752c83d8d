"""The target: settings, and the way of Singer messages to the pipeline."""

from __future__ import annotations

import contextlib
import os
import time
from functools import cached_property
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk.cli import plugin_cli
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.plugin_base import SingerCommand
from singer_sdk.target_base import Target

from seeker_leads_api.declarations import refuse_unfit
from seeker_leads_api.errors import SettingsError, StoppedError
from seeker_leads_api.http.session import user_agent
from seeker_leads_singer.command import OneLineErrors
from seeker_leads_singer.log import setting_up_the_log
from seeker_leads_singer.signals import StopSignals
from seeker_leads_singer.stdout import write_whole
from seeker_leads_singer.variables import read_environment
from target_seeker_leads.delivery.pipeline import Pipeline
from target_seeker_leads.messages import MessageHooks
from target_seeker_leads.settings import TARGET_SETTINGS, TargetSettings
from target_seeker_leads.singer.reader import LineReader
from target_seeker_leads.singer.singer_json import encode
from target_seeker_leads.sink import LeadSink

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    import click

PACKAGE_NAME = "singer-seeker-leads"


class TargetCommand(OneLineErrors, SingerCommand):
    """The target's command; its errors end as one line."""


class TargetSeekerLeads(MessageHooks):
    """Creates a lead out of every record of any source, through the Seeker Leads API."""

    name = "target-seeker-leads"
    package_name = PACKAGE_NAME
    config_jsonschema: ClassVar[dict] = {"type": "object", "properties": dict(TARGET_SETTINGS)}  # type: ignore[type-arg]
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    default_sink_class = LeadSink
    message_reader_class = LineReader
    message_reader: LineReader
    #: Time, as limiter and retries see it; a sleep of None is one that a stop ends.
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], object] | None = None

    @cached_property
    def settings(self) -> TargetSettings:
        """The target's settings, parsed once."""
        return TargetSettings.from_config(self.config)

    @cached_property
    def pipeline(self) -> Pipeline:
        """Where records go. Opened with the first of them: `--about` needs neither ledger nor account."""
        return Pipeline(
            self.settings,
            user_agent=user_agent(
                self.name,
                version(PACKAGE_NAME),
                "singer-sdk",
                version("singer-sdk"),
                self.settings.connection.user_agent,
            ),
            logger=self.logger,
            pass_on=_write_state,
            clock=self.monotonic,
            sleep=self.sleep,
        )

    @cached_property
    def _stop_signals(self) -> StopSignals:
        return StopSignals()

    def process_endofpipe(self) -> None:
        """Wait until every record is settled.

        Raises:
            FatalError: one could not be.
        """
        if "pipeline" in self.__dict__:
            self.pipeline.drain()
        super().process_endofpipe()

    def run(self, file_input: IO[str] | None) -> None:
        """Deliver everything that the input holds, and say what was done.

        Raises:
            FatalError: not everything could be settled, or every record was rejected.
        """
        self._refuse_own_rejects(file_input)
        with contextlib.closing(self.pipeline) as pipeline:
            self.listen(file_input)
            pipeline.finish()

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK's own targets do
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,  # noqa: ANN401  # the SDK's private type
        file_input: IO[str] | None = None,
    ) -> None:
        """Run the command: as the SDK's does, with an end that settles and reports, whatever happened."""
        super(Target, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        cls(
            config=config.config if config else None,
            parse_env_config=config.parse_env if config else False,
        ).run(file_input)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Declare the SDK's settings for stream maps; those for batches and record metadata mean nothing here."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805  # called with the class
        """The command; the log is set up first."""
        with setting_up_the_log(cls._env_var_prefix):
            return super().cli

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with errors that end as one line."""
        return TargetCommand.of(super().get_singer_command(), cls.logger)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the SDK's
        # The SDK's handler drains wherever it strikes and exits with 0. Here the run ends in order: what is under way
        # is settled, and the status is the signal's.
        if not self._stop_signals.is_new(signum):
            return
        if "pipeline" not in self.__dict__:
            raise StoppedError(signum)
        self.pipeline.stop(signum)
        self.message_reader.stop(signum)

    @property
    def _env_var_config(self) -> dict[str, Any]:
        # Not the SDK's, which takes any word that it does not know for false. Asked for nothing, it reads `.env` only.
        prefix = self._env_var_prefix
        self.append_builtin_config(self.config_jsonschema)
        return read_environment(
            prefix, self.config_jsonschema["properties"], load_dotenv=lambda: parse_environment_config({}, prefix)
        )

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK's validation prints the values that do not fit, secrets too: ours goes first and names settings only.
        if raise_errors:
            TargetSettings.from_config(self.config)
            # An unset variable arrives as an empty string; the SDK would take it for a value.
            self._config = {name: value for name, value in self._config.items() if value != ""}
            self.append_builtin_config(self.config_jsonschema)
            refuse_unfit(self._config, self.config_jsonschema)
        return super()._validate_config(raise_errors=raise_errors)

    def _refuse_own_rejects(self, file_input: IO[str] | None) -> None:
        try:
            given = os.fstat((file_input or self.message_reader.default_input).fileno())
            rejects = self.settings.rejects_path.stat()
        except (OSError, ValueError):
            return  # no such file yet, or no file at all
        if os.path.samestat(given, rejects):
            msg = (
                "The input is the file of `rejects_path` itself, which new rejects would be appended to: move it first,"
                " and feed the moved file"
            )
            raise SettingsError(msg)


def _write_state(value: object) -> None:
    write_whole(encode(value) + b"\n")
