"""The target: settings, and the way of Singer messages to the pipeline."""

from __future__ import annotations

import contextlib
import os
import time
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.target_base import Target

from seeker_leads_api.errors import SettingsError, StoppedError
from seeker_leads_singer.package import plugin_user_agent
from seeker_leads_singer.plugin import Plugin
from seeker_leads_singer.stdout import write_whole
from target_seeker_leads.delivery.pipeline import Pipeline
from target_seeker_leads.settings import TARGET_SETTINGS, TargetSettings
from target_seeker_leads.singer.messages import Messages
from target_seeker_leads.singer.reader import LineReader
from target_seeker_leads.singer.singer_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_singer.config import ConfigInput


class TargetSeekerLeads(Plugin[TargetSettings], Target):
    """Creates a lead out of every record of any source, through the Seeker Leads API."""

    name = "target-seeker-leads"
    config_jsonschema: ClassVar[dict] = {"type": "object", "properties": dict(TARGET_SETTINGS)}  # type: ignore[type-arg]
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    parse_settings = staticmethod(TargetSettings.from_config)
    message_reader: LineReader
    #: Time, as limiter and retries see it; a sleep of None is one that a stop ends.
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], object] | None = None

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # the SDK's
        super().__init__(message_reader=LineReader(self.handle), **options)

    @cached_property
    def pipeline(self) -> Pipeline:
        """Where records go. Opened with the first of them: `--about` needs neither ledger nor account."""
        return Pipeline(
            self.settings,
            user_agent=plugin_user_agent(self.name, self.settings.connection.user_agent),
            logger=self.logger,
            pass_on=_write_state,
            clock=self.monotonic,
            sleep=self.sleep,
        )

    @cached_property
    def messages(self) -> Messages:
        """What becomes of messages. They do not go to sinks, which would hold records and STATEs back."""
        return Messages(self.mapper, self.pipeline, self.config)

    def handle(self, message: dict[str, Any]) -> str:
        """Do what a message asks for; return its type.

        Raises:
            InvalidInputLine: it is not a message that this target takes.
            SeekerLeadsError: the run must end.
        """
        return self.messages.handle(message)

    def process_endofpipe(self) -> None:
        """Wait until every record is settled.

        Raises:
            FatalError: one could not be.
        """
        self.pipeline.drain()
        self.messages.log_counts()

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
        config: ConfigInput,
        file_input: IO[str] | None = None,
        **options: Any,  # noqa: ANN401  # the SDK's
    ) -> None:
        """Run the command: as the SDK's does, with an end that settles and reports, whatever happened."""
        super(Target, cls).invoke(**options)
        cls.print_version(print_fn=cls.logger.info)
        cls(config=config.config, parse_env_config=config.parse_env).run(file_input)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Declare the SDK's settings for stream maps; those for batches and record metadata mean nothing here."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    def stop(self, signal_number: int) -> None:
        """Take no more input, and settle what is under way.

        Raises:
            StoppedError: nothing is under way.
        """
        if "pipeline" not in self.__dict__:
            raise StoppedError(signal_number)
        self.pipeline.stop(signal_number)
        self.message_reader.stop(signal_number)

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
