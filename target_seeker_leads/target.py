"""The target: parses the settings and passes Singer messages to the pipeline."""

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
from seeker_leads_singer.run_metrics import written_at_the_end
from seeker_leads_singer.stdout import write_whole
from target_seeker_leads.delivery.pipeline import Pipeline
from target_seeker_leads.settings import TARGET_SETTINGS, TargetSettings
from target_seeker_leads.singer.messages import Messages
from target_seeker_leads.singer.reader import LineReader
from target_seeker_leads.singer.singer_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_api.metrics_file import Metric
    from seeker_leads_singer.config import ConfigInput
    from target_seeker_leads.dead_letters import DeadLetters
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.delivery.report import Result


class TargetSeekerLeads(Plugin[TargetSettings], Target):
    """Creates a lead from each record of any source, through the Seeker Leads API."""

    name = "target-seeker-leads"
    config_jsonschema: ClassVar[dict] = {"type": "object", "properties": dict(TARGET_SETTINGS)}  # type: ignore[type-arg]
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]
    parse_settings = staticmethod(TargetSettings.from_config)
    message_reader: LineReader
    #: The clock of limiter and retries. A `sleep` of None means one that a stop ends.
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], object] | None = None
    #: The store of dead letters, if it is not the file of `rejects_path`.
    dead_letters: DeadLetters | None = None
    #: Called for each record that is settled without a dead letter.
    on_result: Callable[[Incoming, Result], object] | None = None

    def __init__(self, **options: Any) -> None:  # noqa: ANN401  # the SDK's
        super().__init__(message_reader=LineReader(self.handle), **options)

    @cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline, opened on first use: `--about` needs neither ledger nor account."""
        return Pipeline(
            self.settings,
            user_agent=plugin_user_agent(self.name, self.settings.connection.user_agent),
            logger=self.logger,
            pass_on=_write_state,
            clock=self.monotonic,
            sleep=self.sleep,
            dead_letters=self.dead_letters,
            on_result=self.on_result,
        )

    @cached_property
    def messages(self) -> Messages:
        """The handler of messages. The SDK's sinks are not used: they would hold back records and STATEs."""
        return Messages(self.mapper, self.pipeline, self.config)

    def handle(self, message: dict[str, Any]) -> str:
        """Handle a message and return its type.

        Raises:
            InvalidInputLine: this target does not accept the message.
            SeekerLeadsError: the run must end.
        """
        return self.messages.handle(message)

    def process_endofpipe(self) -> None:
        """Wait until every record is settled.

        Raises:
            FatalError: a record could not be settled.
        """
        self.pipeline.drain()
        self.messages.log_counts()

    def run(self, file_input: IO[str] | None) -> None:
        """Deliver all records of the input, and log a summary.

        Raises:
            FatalError: a record could not be settled, or all were rejected.
        """
        self._refuse_own_rejects(file_input)
        # A dry run writes nothing.
        path = None if self.settings.dry_run else self.settings.metrics_path
        writing = written_at_the_end(
            path, "target_seeker_leads", self._metrics, now=time.time, report=self.logger.warning
        )
        with writing, contextlib.closing(self.pipeline) as pipeline:
            self.listen(file_input)
            pipeline.finish()

    def _metrics(self) -> list[Metric]:
        return self.pipeline.metrics() if "pipeline" in self.__dict__ else []

    @classmethod
    def invoke(  # type: ignore[override]  # as the SDK's own targets do
        cls,
        *,
        config: ConfigInput,
        file_input: IO[str] | None = None,
        **options: Any,  # noqa: ANN401  # the SDK's
    ) -> None:
        """Run the command like the SDK's targets, but always settle and report at the end."""
        super(Target, cls).invoke(**options)
        cls.print_version(print_fn=cls.logger.info)
        cls(config=config.config, parse_env_config=config.parse_env).run(file_input)

    @classmethod
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Declare the SDK's settings for stream maps; those for batches and record metadata do not apply."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    def stop(self, signal_number: int) -> None:
        """Read no more input, and settle the records under way.

        Raises:
            StoppedError: no record was taken yet, or the reader is waiting for input.
        """
        if "pipeline" not in self.__dict__:
            raise StoppedError(signal_number)
        self.pipeline.stop(signal_number)
        self.message_reader.stop(signal_number)

    def _refuse_own_rejects(self, file_input: IO[str] | None) -> None:
        try:
            source = os.fstat((file_input or self.message_reader.default_input).fileno())
            rejects = self.settings.rejects_path.stat()
        except (OSError, ValueError):
            return  # there is no such file yet, or the input is not a file
        if os.path.samestat(source, rejects):
            msg = (
                "The input is the file of `rejects_path` itself, and new rejects would be appended to it: move the file"
                " first, and pass the moved one"
            )
            raise SettingsError(msg)


def _write_state(value: object) -> None:
    write_whole(encode(value) + b"\n")
