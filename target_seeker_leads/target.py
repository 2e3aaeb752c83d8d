"""The target: settings, and the way of Singer messages to the outbox."""

from __future__ import annotations

import os
import signal
import time
from functools import cached_property
from importlib.metadata import version
from typing import IO, TYPE_CHECKING, Any, ClassVar

import msgspec
from singer_sdk.exceptions import MappingError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from singer_sdk.plugin_base import SingerCommand
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.target_base import Target

from seeker_leads_api.errors import FatalError, SeekerLeadsError, SettingsError
from seeker_leads_api.exits import OneLineErrors
from seeker_leads_api.session import user_agent
from seeker_leads_api.stdout import write_whole
from target_seeker_leads.dead_letter import Reason
from target_seeker_leads.incoming import Incoming, Source
from target_seeker_leads.outbox import Outbox
from target_seeker_leads.reader import LineReader
from target_seeker_leads.settings import TARGET_SETTINGS, TargetSettings
from target_seeker_leads.sink import LeadSink

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    import click

PACKAGE_NAME = "singer-seeker-leads"

_ENCODER = msgspec.json.Encoder(decimal_format="number")


class TargetCommand(OneLineErrors, SingerCommand):
    """The target's command; its errors end as one line."""


class TargetSeekerLeads(Target):
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
    def outbox(self) -> Outbox:
        """Where records go. Opened with the first of them: `--about` needs neither ledger nor account."""
        return Outbox(
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

    def take(self, stream: str, key_properties: tuple[str, ...], record: dict[str, Any]) -> None:
        """Have a record of the message in hand delivered, as the stream maps made it."""
        self._submit(Incoming(stream, key_properties, record, self._source))

    def process_endofpipe(self) -> None:
        """Wait until every record is settled.

        Raises:
            FatalError: one could not be.
        """
        if "outbox" in self.__dict__:
            self.outbox.drain()
        super().process_endofpipe()

    def run(self, file_input: IO[str] | None) -> None:
        """Deliver everything that the input holds, and say what was done.

        Raises:
            FatalError: not everything could be settled, or every record was rejected.
        """
        self._refuse_own_rejects(file_input)
        try:
            self.listen(file_input)
            self.outbox.finish()
        finally:
            self.outbox.close()

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

    @classmethod
    def get_singer_command(cls) -> click.Command:
        """Return the SDK's command, with errors that end as one line."""
        return TargetCommand.of(super().get_singer_command(), cls.logger)

    # The SDK has no public hooks for messages: these are its private ones, all in this place.

    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        _require(message_dict, "stream", str)
        _require(message_dict, "schema", dict)
        try:
            super()._process_schema_message(message_dict)
        except MappingError as error:
            msg = f"`stream_maps` does not fit this stream: {error}"
            raise SettingsError(msg) from None

    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        stream = _require(message_dict, "stream", str)
        record = _require(message_dict, "record", dict)
        is_replay = "reasons" in message_dict
        if is_replay and stream not in self.mapper.stream_maps:
            self._register_replayed(stream, message_dict.get("key_properties") or [])
        self._assert_known(stream)
        key_properties = self.mapper.stream_maps[stream][0].raw_key_properties or ()
        self._source = Source(stream, tuple(key_properties), record, is_replay=is_replay)
        self._is_mapping = True
        try:
            super()._process_record_message(message_dict)
        except Exception as error:
            if not self._is_mapping or isinstance(error, SeekerLeadsError) or not self.config.get("stream_maps"):
                raise
            reason = Reason(
                None,
                f"`stream_maps` could not be evaluated for it ({type(error).__name__})",
                "Mend the expression so that it stands this record, or the record, and feed this line again",
            )
            self._submit(Incoming(stream, self._source.key_properties, record, self._source, reason))

    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        # The SDK's waits for the end of the run, or for five minutes.
        self._assert_line_requires(message_dict, requires={"value"})
        self.outbox.state(message_dict["value"])

    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        pass  # a lead that was sent cannot be taken back: a source that was read anew deletes nothing here

    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:  # noqa: ARG002  # the SDK's
        msg = "is a BATCH message, which this target does not take: remove `batch_config` from the tap's settings"
        raise InvalidInputLine(msg)

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:  # noqa: ARG002  # the SDK's
        # The SDK's handler drains wherever it strikes and exits with 0. Here the run ends in order: what is under way
        # is settled, and the status is the signal's. A second signal ends the program at once.
        signal.signal(signum, signal.SIG_DFL)
        if "outbox" in self.__dict__:
            self.outbox.stop(signum)
        self.message_reader.stop(signum)

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        # The SDK's validation prints the values that do not fit, secrets too: ours goes first and names settings only.
        if raise_errors:
            TargetSettings.from_config(self.config)
            # An unset variable arrives as an empty string; the SDK would take it for a value.
            self._config = {name: value for name, value in self._config.items() if value != ""}
        return super()._validate_config(raise_errors=raise_errors)

    def _submit(self, incoming: Incoming) -> None:
        self._is_mapping = False
        self.outbox.take(incoming)
        self._is_mapping = True

    def _register_replayed(self, stream: str, key_properties: list[str]) -> None:
        # A file of dead letters has no SCHEMA; each of its lines says what was known of the stream.
        schema: dict[str, Any] = {"properties": {name: {} for name in key_properties}}
        self._process_schema_message(
            {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": key_properties}
        )

    def _assert_known(self, stream: str) -> None:
        if stream not in self.mapper.stream_maps:
            msg = "is a RECORD of a stream that had no SCHEMA yet"
            raise InvalidInputLine(msg)

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


def _require(message: dict[str, Any], key: str, kind: type) -> Any:  # noqa: ANN401  # of that kind
    if not isinstance(value := message.get(key), kind):
        msg = f"lacks a `{key}` of the right type"
        raise InvalidInputLine(msg)
    return value


def _write_state(value: object) -> None:
    """Write a STATE for Meltano, number by number as it came."""
    try:
        write_whole(_ENCODER.encode(value) + b"\n")
    except OSError as error:
        msg = f"The STATE could not be written to stdout ({type(error).__name__}): nobody reads it any more"
        raise FatalError(msg) from None
