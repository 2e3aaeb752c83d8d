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

from seeker_leads_api.client import ApiClient
from seeker_leads_api.errors import SettingsError, StoppedError
from seeker_leads_api.stopping import Stopping
from seeker_leads_singer import stream_maps
from seeker_leads_singer.package import plugin_user_agent
from tap_seeker_leads.leads.schema import PRIMARY_KEY, REPLICATION_KEY, STREAM, leads_schema
from tap_seeker_leads.leads.switched_off import deselected_paths
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.doubts import doubt_of_the_clock, last_lead_that_proves, refuse_a_gone_route
from tap_seeker_leads.reading.page_request import PageRequest
from tap_seeker_leads.reading.readers import PATH
from tap_seeker_leads.reading.refreshing import Refreshing
from tap_seeker_leads.reading.span_reader import NewRecords, ReadUpTo, Run, SpanReader
from tap_seeker_leads.state.bookmark import BookmarkManager
from tap_seeker_leads.state.refresh import CLOCK_TOLERANCE_SECONDS
from tap_seeker_leads.stream_maps import UnflattenableError, leads_maps

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from singer_sdk.helpers import types
    from singer_sdk.helpers.types import Context
    from singer_sdk.mapper import StreamMap
    from singer_sdk.metrics import Counter
    from singer_sdk.tap_base import Tap

    from seeker_leads_singer.plugin import Plugin
    from tap_seeker_leads.reading.paginator import LeadsPaginator
    from tap_seeker_leads.settings import TapSettings
    from tap_seeker_leads.writer import PageWriter

#: STATE goes out at most so often, in seconds; loaders commit on each.
STATE_INTERVAL_SECONDS = 1.0


class LeadsStream(RESTStream[PageRequest | None]):
    """Leads by ingestion date, from the bookmark (less the lookback) to now, each once a run; then what is due again.

    The bookmark is the end of the longest finished prefix of windows, or the API's own time where that is earlier. It
    goes out in a STATE as it moves, and before an error ends the run.
    """

    name = STREAM
    path = PATH
    primary_keys = (PRIMARY_KEY,)
    replication_key = REPLICATION_KEY
    #: Records fit the stream's own schema as they are made, see `to_lead`.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap) -> None:
        super().__init__(tap)
        self._plugin = cast("Plugin[TapSettings]", tap)
        self.monotonic = time.monotonic
        #: What waits for the limit and between tries consist of; None: a wait that a stop ends.
        self.sleep: Callable[[float], object] | None = None
        self._writer = cast("PageWriter", tap.message_writer)
        self._span: SpanReader | None = None  # what is being read
        self._state_written_at = float("-inf")

    @property
    def settings(self) -> TapSettings:
        """The tap's settings; discovery runs without any."""
        return self._plugin.settings

    @property
    def url_base(self) -> str:
        """The base URL of the API."""
        return self.settings.connection.api_url

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of a record, derived from the API's contract."""
        return leads_schema()

    @cached_property
    def stream_maps(self) -> list[StreamMap]:
        """The stream maps, which let nothing out that the user switched off."""
        return leads_maps(super().stream_maps, deselected_paths(self.mask), self.config.get("stream_maps"), self.name)

    @property
    def state_manager(self) -> BookmarkManager:
        """The keeper of the bookmark."""
        if not isinstance(self._state_manager, BookmarkManager):
            self._state_manager = BookmarkManager(
                tap_name=self.tap_name, stream_name=self.name, tap_state=self.tap_state
            )
        return self._state_manager

    def get_replication_key_signpost(self, context: Context | None = None) -> None:  # the SDK's
        """Return none: the bookmark never passes what was read, so it needs no bound."""

    # What to read, and up to where it is read

    def starting_instant(self) -> int:
        """Return from where this run reads, in Unix seconds: the bookmark less the lookback, or `start_date`."""
        settings = self.settings
        bookmark = None if self.replication_method == REPLICATION_FULL_TABLE else self.state_manager.read()
        if bookmark is not None and bookmark > settings.now + CLOCK_TOLERANCE_SECONDS:
            msg = (
                f"The state's bookmark {to_rfc3339(bookmark)} lies in the future, so nothing would be read before then:"
                " set `replication_key_value` back to the instant from which to go on"
            )
            raise SettingsError(msg)
        return settings.start if bookmark is None else max(settings.start, bookmark - settings.lookback_seconds)

    def stop(self, signal_number: int) -> None:
        """End the run from within a signal handler: in order while it reads, else at once.

        Raises:
            StoppedError: nothing is being read.
        """
        if self._span is None:
            raise StoppedError(signal_number)
        self._span.stop(signal_number)

    def request_records(self, context: Context | None) -> Iterator[dict[str, Any]]:  # noqa: ARG002  # the SDK's
        """Yield the records of all windows."""
        for page in self._pages_of_records():
            yield from msgspec.to_builtins(page)
            self._writer.flush()

    def get_new_paginator(self) -> LeadsPaginator:
        """Return one reader's way through the windows of the run that goes on; waits where no window is free yet.

        Raises:
            ValueError: no run goes on.
        """
        if self._span is None:
            msg = "nothing is being read"
            raise ValueError(msg)
        return self._span.new_paginator()

    def _open_run(self) -> Run:
        connection = self.settings.connection
        agent = plugin_user_agent(self.tap_name, connection.user_agent)
        stopping = Stopping()
        sleep = self.sleep or stopping.sleep
        client = ApiClient(connection, agent, report=self.logger.warning, sleep=sleep, clock=self.monotonic)
        return Run(self.settings, client, stopping, self.monotonic)

    def _refreshing(self) -> Refreshing | None:
        """Return the refresh of this run, None where there is none: its state counts for incremental runs alone."""
        is_off = not self.settings.refresh_seconds or self.replication_method == REPLICATION_FULL_TABLE
        return None if is_off else Refreshing(self.settings, self.state_manager)

    def _pages_of_records(self) -> Iterator[list[dict[str, Any]]]:
        """Yield each page's new records, as soon as it is read; on an error, leave a STATE of what is finished."""
        start, refreshing = self.starting_instant(), self._refreshing()
        self.log("Reading leads from %s to %s", to_rfc3339(start), to_rfc3339(max(start, self.settings.end)))
        run = self._open_run()
        live = SpanReader.live(run, start)
        try:
            with self.get_http_request_counter() as counter:
                yield from self._new_leads(live, counter)
                if refreshing is not None:
                    yield from self._leads_read_again(run, live, refreshing, counter)
        except Exception:  # raised again: whatever went wrong, what is finished is not read twice
            self._write_state_message()
            raise
        finally:
            self._span = None
            run.client.close()
        # A run of the whole table keeps no bookmark, so that a wrong clock costs nothing.
        if self.replication_method != REPLICATION_FULL_TABLE and (doubt := doubt_of_the_clock(live, self.settings.now)):
            self.logger.warning(doubt)
        self.log(live.summary() + (refreshing.summary() if refreshing else ""))

    def _new_leads(self, live: SpanReader, counter: Counter) -> Iterator[list[dict[str, Any]]]:
        last_lead = last_lead_that_proves(self.state_manager.last_lead, self.settings.now)
        held: int | None = None
        for event in self._events(live, counter):
            match event:
                case NewRecords(records) if records:
                    yield records
                case ReadUpTo(instant) if last_lead is not None and not live.found_a_list:
                    held = instant
                case ReadUpTo(instant):
                    self._move_bookmark(live, instant)
        if last_lead is not None and held is not None:
            refuse_a_gone_route(live, last_lead, self.name)
            self._move_bookmark(live, held)

    def _leads_read_again(
        self, run: Run, live: SpanReader, refreshing: Refreshing, counter: Counter
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield what is due again, after the STATE of all that is new."""
        try:
            for stretch in refreshing.stretches(live):
                # From here on a signal waits for the reading, so that it cannot cut a STATE in two.
                self._span = span = SpanReader.again(run, stretch)
                self._write_state_message()
                for event in self._events(span, counter):
                    match event:
                        case NewRecords(records):
                            if kept := refreshing.records_to_keep(records):
                                yield kept
                        case ReadUpTo(instant):
                            refreshing.read_up_to(stretch, instant)
                            self._write_state_now_and_then()
                refreshing.ended(stretch)
        finally:
            if age := refreshing.age():
                metrics.log(self.metrics_logger, replace(age, tags={Tag.STREAM: self.name}))
            if warning := refreshing.warning():
                self.logger.warning(warning)

    def _events(self, span: SpanReader, counter: Counter) -> Iterator[NewRecords | ReadUpTo]:
        """Yield what a span gives; a signal ends it in order as long as it reads."""
        self._span = span
        for event in span.events(self.get_new_paginator):
            if isinstance(event, NewRecords):
                counter.increment()
            yield event
            if line := span.progress():
                self.log(line)
        self._span = None
        for doubt in span.doubts():
            self.logger.warning(doubt)

    def _move_bookmark(self, span: SpanReader, unix_seconds: int) -> None:
        if self.replication_method == REPLICATION_FULL_TABLE:
            return
        if span.last_lead is not None:
            self.state_manager.note_lead(span.last_lead)
        # With a clock that is ahead, the span ends in the API's future, where nothing can have been read yet.
        if self.state_manager.advance(span.api_clock.cap(unix_seconds)):
            self._write_state_now_and_then()

    def _write_state_now_and_then(self) -> None:
        now = self.monotonic()
        if now - self._state_written_at >= STATE_INTERVAL_SECONDS:
            self._write_state_message()
            self._state_written_at = now

    # What comes out

    @cached_property
    def _writes_as_is(self) -> bool:
        """Whether nothing stands between record and message: no selection, map, flattening or limit."""
        return (
            all(self.mask.values())
            and [type(stream_map) for stream_map in self.stream_maps] == [SameRecordTransform]
            and not self.config.get("flattening_enabled")
            and self.ABORT_AT_RECORD_COUNT is None
        )

    def _sync_records(
        self, context: types.Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        # Private, for the SDK has no hook for a page of records, and its loop over single ones costs more than all the
        # rest: the selection of every nested field, a map that maps nothing, the time. A test proves the output equal.
        if not (write_messages and self._writes_as_is):
            try:
                yield from super()._sync_records(context, write_messages=write_messages)
            except Exception as error:
                if not stream_maps.are_at_fault(error, self.config):
                    raise
                self._write_state_message()
                msg = (
                    f"`stream_maps` cannot be evaluated for one of the leads ({type(error).__name__}): say what then,"
                    " as in `contactRequest['email'] if contactRequest else None`"
                )
                if isinstance(error, UnflattenableError):
                    msg = (
                        f"`stream_maps`: {error}. Give each of its fields a column of its own, or leave flattening off"
                    )
                raise SettingsError(msg) from None
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
        """Log as the SDK does, but no errors: the command shows each, with what to do."""
        if level < logging.ERROR:
            super().log(message, *args, level=level, **kwargs)
