"""The stream `leads`: from bookmark to records."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import msgspec
from singer_sdk import metrics
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.metrics import Tag
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.singerlib.encoding.simple import RecordMessage
from singer_sdk.streams import RESTStream

from seeker_leads_api.accounts import has_accounts
from seeker_leads_api.errors import StoppedError
from seeker_leads_singer import stream_maps
from seeker_leads_singer.package import plugin_user_agent
from seeker_leads_singer.run_metrics import written_at_the_end
from tap_seeker_leads.leads.schema import REPLICATION_KEY, STREAM, key_properties, leads_schema
from tap_seeker_leads.leads.selection import deselected_paths
from tap_seeker_leads.reading.fetching import PATH
from tap_seeker_leads.reading.opening import RunEnvironment, open_reading
from tap_seeker_leads.reading.page_request import PageRequest
from tap_seeker_leads.reading.report import ReadingReport
from tap_seeker_leads.state.bookmarks import BookmarkManager
from tap_seeker_leads.state.checkpoints import Checkpoints
from tap_seeker_leads.stream_maps import evaluation_error, leads_maps

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from singer_sdk.helpers import types
    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.tap_base import Tap

    from seeker_leads_api.metrics_file import Metric
    from seeker_leads_singer.plugin import Plugin
    from tap_seeker_leads.reading.reading import Reading
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.writer import PageWriter


class LeadsStream(RESTStream[PageRequest | None]):
    """Leads by ingestion date, from the bookmark (less the lookback) to now, each once per run; then the refresh.

    The bookmark is the end of the longest finished prefix of windows, or the API's own time if that is earlier. A STATE
    is written as the bookmark moves, and before an error ends the run.
    """

    name = STREAM
    path = PATH
    replication_key = REPLICATION_KEY
    #: `to_lead` already makes records that conform to the stream's schema.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap) -> None:
        # Discovery runs without checked settings.
        self._has_accounts = has_accounts(tap.config)
        super().__init__(tap)
        self.primary_keys = key_properties(has_accounts=self._has_accounts)
        self._plugin = cast("Plugin[TapSettings]", tap)
        self.monotonic = time.monotonic
        #: How to wait for the rate limit and between tries; None: a wait that a stop interrupts.
        self.sleep: Callable[[float], object] | None = None
        self._writer = cast("PageWriter", tap.message_writer)
        self._reading: Reading | None = None  # the reading in progress
        self._report: ReadingReport | None = None  # of this reading

    @property
    def settings(self) -> TapSettings:
        """The tap's settings; discovery runs without them."""
        return self._plugin.settings

    @property
    def url_base(self) -> str:
        """The base URL of the API."""
        return self.settings.connection.api_url

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of a record, derived from the API's contract."""
        return leads_schema(has_accounts=self._has_accounts)

    @cached_property
    def stream_maps(self) -> list[StreamMap]:
        """The stream maps, which emit no field that the user switched off."""
        return leads_maps(super().stream_maps, deselected_paths(self.mask), self.config.get("stream_maps"), self.name)

    @property
    def state_manager(self) -> BookmarkManager:
        """The keeper of the bookmarks."""
        if not isinstance(self._state_manager, BookmarkManager):
            self._state_manager = BookmarkManager(
                tap_name=self.tap_name, stream_name=self.name, tap_state=self.tap_state
            )
        return self._state_manager

    @property
    def partitions(self) -> None:
        """None: one reading serves all accounts; the SDK would make one for each entry of the state."""
        return

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # the SDK's
        """Return None: the bookmark never passes an instant that was not read, so it needs no upper bound."""

    # What is read

    def stop(self, signal_number: int) -> None:
        """End the run from within a signal handler: gracefully while it reads, immediately otherwise.

        Raises:
            StoppedError: nothing is being read.
        """
        if self._reading is None:
            raise StoppedError(signal_number)
        self._reading.stop(signal_number)

    def request_records(self, context: Context | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002  # the SDK's
        """Yield the records of all windows."""
        for page in self._pages_of_records():
            yield from msgspec.to_builtins(page)
            self._writer.flush()

    def _open_reading(self) -> Reading:
        checkpoints = Checkpoints(
            self._write_state_message, clock=self.monotonic, has_many_accounts=self.settings.has_accounts
        )
        agent = plugin_user_agent(self.tap_name, self.settings.connection.user_agent)
        return open_reading(
            self.settings,
            self.state_manager,
            checkpoints,
            RunEnvironment(agent, self.logger.warning, self.monotonic, self.sleep),
            is_incremental=self._is_incremental,
        )

    @property
    def _is_incremental(self) -> bool:
        """Whether the run uses bookmarks; a FULL_TABLE run keeps none."""
        return self.replication_method != REPLICATION_FULL_TABLE

    def _pages_of_records(self) -> Iterator[list[dict[str, Any]]]:
        """Yield each page's new records as soon as it is read; on an error, write a STATE of what is finished.

        Raises:
            AccountsFailedError: some of several accounts could not be read to the end.
        """
        reading = self._open_reading()
        report = self._report = ReadingReport(reading, self.settings, clock=self.monotonic)
        self.log("%s", report.beginning())
        self._reading = reading
        error: BaseException | None = None
        try:
            with self.get_http_request_counter() as counter:
                for records in reading.pages(after_event=lambda account: self._log_news(report.news(account))):
                    counter.increment()
                    if records:
                        yield records
            report.raise_failures()
        except Exception as caught:  # raised again; the STATE saves a second read of what is finished
            error = caught
            self._write_state_message()
            raise
        except GeneratorExit as caught:  # the records could not be written
            error = caught
            raise
        finally:
            for point in report.metrics():
                metrics.log(self.metrics_logger, replace(point, tags={Tag.STREAM: self.name}))
            for warning in report.warnings(error, is_incremental=self._is_incremental):
                self.logger.warning(warning)
            for line in report.end(error):
                self.log("%s", line)

    def _log_news(self, line: str | None) -> None:
        if line:
            self.log("%s", line)

    # What is emitted

    @cached_property
    def _writes_as_is(self) -> bool:
        """Whether records are written unchanged: no selection, map, flattening or limit applies."""
        return (
            all(self.mask.values())
            and [type(stream_map) for stream_map in self.stream_maps] == [SameRecordTransform]
            and not self.config.get("flattening_enabled")
            and self.ABORT_AT_RECORD_COUNT is None
        )

    def _sync_records(
        self, context: types.Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        try:
            with written_at_the_end(
                self.settings.metrics_path,
                "tap_seeker_leads",
                self._run_metrics,
                now=time.time,
                report=self.logger.warning,
            ):
                yield from self._sync_pages(context, write_messages=write_messages)
        finally:
            # Only now: until the last STATE is written, a signal must not raise in the middle of a line.
            self._reading = None

    def _run_metrics(self) -> list[Metric]:
        return self._report.run_metrics() if self._report else []

    def _sync_pages(
        self, context: types.Context | None, *, write_messages: bool
    ) -> Generator[dict[str, Any], Any, Any]:
        # The method is private because the SDK has no hook for a page of records. Its loop over single records costs
        # more than all the rest: it selects every nested field, and runs a map that maps nothing. A test proves that
        # the output is the same.
        if not (write_messages and self._writes_as_is):
            try:
                yield from super()._sync_records(context, write_messages=write_messages)
            except Exception as error:
                if not stream_maps.are_at_fault(error, self.config):
                    raise
                self._write_state_message()
                raise evaluation_error(error) from None
            return
        with self.get_record_counter() as counter, self.get_sync_timer():
            for records in self._pages_of_records():
                message = RecordMessage(self.name, {}, self._stream_version, datetime.now(timezone.utc))
                self._writer.write_records(message, records)
                self.state_manager.is_flushed = False
                counter.increment(len(records))
        self.state_manager.finalize_state(self.stream_state)
        self._write_state_message()

    def log(self, message: str, *args: Any, level: int = logging.INFO, **kwargs: Any) -> None:  # noqa: ANN401
        """Log as the SDK does, except errors: the command prints each error with its cure."""
        if level < logging.ERROR:
            super().log(message, *args, level=level, **kwargs)
