"""The tap: settings and discovery."""

from __future__ import annotations

import gc
import logging
import time
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk.cli import plugin_cli
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import MappingError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.plugin_base import SingerCommand
from singer_sdk.singerlib import Catalog
from singer_sdk.tap_base import Tap

from seeker_leads_api.declarations import refuse_unfit
from seeker_leads_api.errors import SettingsError, StoppedError
from seeker_leads_singer.command import OneLineErrors
from seeker_leads_singer.log import setting_up_the_log
from seeker_leads_singer.signals import StopSignals
from seeker_leads_singer.variables import read_environment
from tap_seeker_leads.settings import TAP_SETTINGS, TapSettings
from tap_seeker_leads.state.catalog import own_catalog
from tap_seeker_leads.state.input_files import bookmarks_of, json_file
from tap_seeker_leads.streams import PACKAGE_NAME, LeadsStream
from tap_seeker_leads.writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    import click
    from singer_sdk.streams import Stream


class TapCommand(OneLineErrors, SingerCommand):
    """The tap's command; its errors end as one line."""

    def main(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  # the command's
        """Run the command."""
        # What was imported stays to the end: the collector need not look through it again and again, nor at the exit,
        # which would cost a fifth of a run that finds nothing new.
        gc.freeze()
        return super().main(*args, **kwargs)


class TapSeekerLeads(Tap):
    """Leads that agencies receive on SeLoger, Logic-Immo, Belles Demeures and AVIV's other portals."""

    name = "tap-seeker-leads"
    package_name = PACKAGE_NAME
    config_jsonschema: ClassVar[dict] = {"type": "object", "properties": dict(TAP_SETTINGS)}  # type: ignore[type-arg]
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    message_writer_class = PageWriter
    #: As the SDK's constructor sets it; a signal may come before it does.
    _streams: dict[str, Stream] | None = None

    def __init__(self, *, catalog: dict[str, Any] | Catalog | None = None, **options: Any) -> None:  # noqa: ANN401  # the SDK's
        if isinstance(catalog, dict) and not isinstance(catalog, Catalog):
            catalog = own_catalog(catalog)
        super().__init__(catalog=catalog, **options)

    @cached_property
    def _stop_signals(self) -> StopSignals:
        return StopSignals()

    def setup_mapper(self) -> None:
        """Set the SDK's stream maps up. At DEBUG they log what a filter's expression gives: anybody's data.

        Raises:
            SettingsError: they are not right.
        """
        logging.getLogger("singer_sdk.mapper").setLevel(logging.INFO)
        try:
            super().setup_mapper()
        except StoppedError:
            raise
        except Exception as error:
            if not self.config.get("stream_maps"):
                raise
            words = str(error) if isinstance(error, MappingError) else type(error).__name__
            msg = f"`stream_maps` does not fit the stream `leads`: {words}"
            raise SettingsError(msg) from None

    def discover_streams(self) -> Sequence[LeadsStream]:
        """Return the one stream; needs no settings and no network."""
        return [LeadsStream(self)]

    def load_state(self, state: dict[str, Any]) -> None:
        """Take a state over.

        Raises:
            SettingsError: it is not right.
        """
        # Not the SDK's own, which takes every stream's bookmark apart, and fails on an odd one of another stream.
        if bookmarks := bookmarks_of(state):
            self.state["bookmarks"] = bookmarks

    def _reset_state_progress_markers(self) -> None:
        """Leave the state alone: this stream has no such markers, and other streams' are not ours to change."""

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the SDK's
        # The SDK's handler writes a STATE and exits with 0 wherever it strikes, in the middle of a line too. Ours lets
        # the stream end in order, with the status of a signal.
        if not self._stop_signals.is_new(signum):
            return
        # Not `streams`, which would build what is being built; the signal counts as heard, so it must not be lost here.
        streams = [stream for stream in (self._streams or {}).values() if isinstance(stream, LeadsStream)]
        if not streams:
            raise StoppedError(signum)
        for stream in streams:
            stream.stop(signum)

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
            if self.config.get("batch_config"):
                msg = (
                    "`batch_config` is not supported, since others could read the batch files' personal data: remove it"
                )
                raise SettingsError(msg)
            TapSettings.from_config(self.config, now=int(time.time()))
            # An unset variable arrives as an empty string; the SDK would take it for a value.
            self._config = {name: value for name, value in self._config.items() if value != ""}
            self.append_builtin_config(self.config_jsonschema)
            refuse_unfit(self._config, self.config_jsonschema)
        return super()._validate_config(raise_errors=raise_errors)

    @plugin_cli
    def cli(cls) -> click.Command:  # noqa: N805  # called with the class
        """The command; the log is set up first."""
        with setting_up_the_log(cls._env_var_prefix):
            return super().cli

    @classmethod
    def invoke(cls, *, state: IO[str] | None = None, catalog: IO[str] | None = None, **options: Any) -> None:  # noqa: ANN401  # the SDK's
        """Run the tap as its command was given.

        Raises:
            SettingsError: a file of the command line is not right.
        """
        super().invoke(state=json_file(state, "--state"), catalog=json_file(catalog, "--catalog"), **options)

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with errors that end as one line."""
        return TapCommand.of(super().get_singer_command(), cls.logger)
