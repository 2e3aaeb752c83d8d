"""The tap: settings and discovery."""

from __future__ import annotations

import time
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities, TapCapabilities
from singer_sdk.singerlib import Catalog
from singer_sdk.tap_base import CliTestOptionValue, Tap

from seeker_leads_api.accounts import has_accounts
from seeker_leads_api.errors import SettingsError, StoppedError
from seeker_leads_singer import stream_maps
from seeker_leads_singer.package import plugin_user_agent
from seeker_leads_singer.plugin import Plugin
from tap_seeker_leads.catalog import own_catalog
from tap_seeker_leads.check_connection import connection_reports
from tap_seeker_leads.leads.schema import STREAM, leads_schema
from tap_seeker_leads.settings import TAP_SETTINGS, TapSettings
from tap_seeker_leads.state.input_files import bookmarks_of, json_file
from tap_seeker_leads.streams import LeadsStream
from tap_seeker_leads.writer import PageWriter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import click

    from seeker_leads_singer.config import ConfigInput


_NOT_SUPPORTED = {
    "batch_config": "others could read the batch files' personal data",
    "emit_activate_version_messages": "a loader would delete rows before the first request is answered",
}


class TapSeekerLeads(Plugin[TapSettings], Tap):
    """Leads that agencies receive on SeLoger, Logic-Immo, Belles Demeures and AVIV's other portals."""

    name = "tap-seeker-leads"
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
    #: The only stream, once it is discovered.
    _leads: LeadsStream | None = None

    def __init__(
        self,
        *,
        catalog: dict[str, Any] | Catalog | None = None,
        now: int | None = None,
        **options: Any,  # noqa: ANN401  # the SDK's
    ) -> None:
        self._now = int(time.time()) if now is None else now  # when this run begins, in Unix seconds
        self._given_catalog = catalog
        super().__init__(**options)

    def parse_settings(self, config: Mapping[str, Any]) -> TapSettings:
        """Parse the configuration of a run that starts now.

        Raises:
            SettingsError: names the setting at fault and the cure.
        """
        for name, reason in _NOT_SUPPORTED.items():
            if config.get(name):
                msg = f"`{name}` is not supported, since {reason}: remove it"
                raise SettingsError(msg)
        return TapSettings.from_config(config, now=self._now)

    @cached_property
    def input_catalog(self) -> Catalog | None:
        """The given catalog's selection, applied to the tap's own definition; None without a catalog.

        Raises:
            SettingsError: it lacks the stream, or asks for something that the tap does not support.
        """
        catalog = self._given_catalog
        if catalog is None or isinstance(catalog, Catalog):
            return catalog
        return Catalog.from_dict(own_catalog(catalog, has_accounts=has_accounts(self.config)))

    def discover_streams(self) -> Sequence[LeadsStream]:
        """Return the only stream; needs neither settings nor network."""
        self._leads = LeadsStream(self)
        return [self._leads]

    def setup_mapper(self) -> None:
        """Set up the SDK's stream maps.

        Raises:
            SettingsError: they are not valid, or name a stream or column that does not exist.
        """
        schema = leads_schema(has_accounts=has_accounts(self.config))
        stream_maps.refuse_unmatched(self.config, {STREAM: schema["properties"]})
        super().setup_mapper()

    def load_state(self, state: dict[str, Any]) -> None:
        """Load a state.

        Raises:
            SettingsError: it is not a valid state.
        """
        # The SDK's method parses every stream's bookmark, so it fails on a malformed one of another stream.
        if bookmarks := bookmarks_of(state, has_accounts=has_accounts(self.config)):
            self.state["bookmarks"] = bookmarks

    def _reset_state_progress_markers(self) -> None:
        """Leave the state unchanged: this stream has no progress markers, and other streams' markers are not ours."""

    def stop(self, signal_number: int) -> None:
        """Ask the stream to stop gracefully.

        Raises:
            StoppedError: nothing is being read.
        """
        if self._leads is None:
            raise StoppedError(signal_number)
        self._leads.stop(signal_number)

    @classmethod
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        """Test the settings of each account without a record on stdout; `--test=schema` is the SDK's.

        Raises:
            SeekerLeadsError: they do not work; the message says why.
        """
        if value != CliTestOptionValue.All.value:
            super().cb_test(ctx, param, value)
            return
        config: ConfigInput = ctx.params["config"]
        tap = cls(config=config.config, parse_env_config=config.parse_env)
        agent = plugin_user_agent(cls.name, tap.settings.connection.user_agent)
        for line in connection_reports(tap.settings, agent, report=cls.logger.warning, now=time.time):
            cls.logger.info("%s", line)
        ctx.exit()

    @classmethod
    def invoke(cls, *, state: IO[str] | None = None, catalog: IO[str] | None = None, **options: Any) -> None:  # noqa: ANN401  # the SDK's
        """Run the tap with the options of its command line.

        Raises:
            SettingsError: a file given on the command line is not valid.
        """
        super().invoke(state=json_file(state, "--state"), catalog=json_file(catalog, "--catalog"), **options)
