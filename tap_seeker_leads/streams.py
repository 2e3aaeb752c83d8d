"""The stream `leads`: from bookmark to records."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timezone
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import msgspec
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from singer_sdk.singerlib.encoding.simple import RecordMessage

from seeker_leads_api.errors import FatalError, SettingsError, StoppedError
from seeker_leads_api.http.rate_limiter import RateLimiter
from seeker_leads_singer import stream_maps
from tap_seeker_leads.api_stream import ApiStream
from tap_seeker_leads.leads.schema import PRIMARY_KEY, REPLICATION_KEY, leads_schema
from tap_seeker_leads.leads.timestamps import to_rfc3339
from tap_seeker_leads.reading.paginator import LeadsPaginator
from tap_seeker_leads.reading.progress import Progress
from tap_seeker_leads.reading.readers import PageRead, WindowRead, WindowReaders
from tap_seeker_leads.reading.window_plan import WindowPlan
from tap_seeker_leads.reading.windows import FinishedPrefix, SeamFilter, Window, split
from tap_seeker_leads.state.api_clock import ApiClock
from tap_seeker_leads.state.bookmark import BookmarkManager

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from singer_sdk.helpers import types
    from singer_sdk.helpers.types import Context
    from singer_sdk.singerlib import Catalog
    from singer_sdk.tap_base import Tap

    from tap_seeker_leads.leads.page import Page
    from tap_seeker_leads.writer import PageWriter

#: STATE goes out at most so often, in seconds; loaders commit on each.
STATE_INTERVAL_SECONDS = 1.0
#: Clocks of machines that share a state may differ by so much.
CLOCK_TOLERANCE_SECONDS = 300


class LeadsStream(ApiStream):
    """Leads by ingestion date, from the bookmark (less the lookback) to now, each once a run.

    The bookmark is the end of the longest finished prefix of windows, or the API's own time where that is earlier. It
    goes out in a STATE as it moves, and before an error ends the run.
    """

    name = "leads"
    primary_keys = (PRIMARY_KEY,)
    replication_key = REPLICATION_KEY
    #: Records fit the stream's own schema as they are made, see `to_lead`.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    def __init__(self, tap: Tap) -> None:
        super().__init__(tap)
        self.monotonic = time.monotonic
        self._writer = cast("PageWriter", tap.message_writer)
        self._readers: WindowReaders | None = None

    @property
    def schema(self) -> dict[str, Any]:
        """The schema of a record, derived from the API's contract."""
        return leads_schema()

    def apply_catalog(self, catalog: Catalog) -> None:
        """Take the user's catalog; where its schema is another than ours, the SDK makes the records fit it."""
        super().apply_catalog(catalog)
        if self.effective_schema["properties"].keys() != self.schema["properties"].keys():
            self.TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.RECURSIVE

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
        if bookmark is not None and bookmark > self.now + CLOCK_TOLERANCE_SECONDS:
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
        if self._readers is None:
            raise StoppedError(signal_number)
        self._readers.stop(signal_number)

    def request_records(self, context: Context | None) -> Iterator[dict[str, Any]]:
        """Yield the records of all windows."""
        for page in self._pages_of_records(context):
            yield from msgspec.to_builtins(page)
            self._writer.flush()

    def _pages_of_records(self, context: Context | None) -> Iterator[list[dict[str, Any]]]:
        """Yield each page's new records, as soon as it is read; on an error, leave a STATE of what is finished."""
        start = self.starting_instant()
        readers = self._open_readers(start)
        prefix = FinishedPrefix(start)
        progress = Progress(self.settings, start, clock=self.monotonic)
        found_a_list = False
        try:
            with self.get_http_request_counter() as counter:
                for event in readers.events(self.get_new_paginator, self.fetcher(context)):
                    match event:
                        case PageRead(window, page, date):
                            counter.increment()
                            self._api_clock.note(date)
                            found_a_list = found_a_list or page.has_list
                            records = list(self._new_records(page, window, start))
                            progress.page_read(len(records))
                            if records:
                                yield records
                        case WindowRead(window):
                            progress.window_read(window)
                            # The bookmark moves only here: a window counts once it is emitted whole.
                            if prefix.add(window):
                                self._move_bookmark(prefix.end)
                    if line := progress.report(self._plan.total):
                        self.log(line)
        except Exception:  # raised again: whatever went wrong, what is finished is not read twice
            self._write_state_message()
            raise
        finally:
            self._readers = None
        self._warn_of_doubts(start, found_a_list=found_a_list)

    def _warn_of_doubts(self, start: int, *, found_a_list: bool) -> None:
        if self._skipped_items:
            self.logger.warning("%d items without a `leadId` were skipped: they cannot be stored", self._skipped_items)
        ahead_seconds = self._api_clock.seconds_behind(self.now)
        if self._is_capped and ahead_seconds > CLOCK_TOLERANCE_SECONDS:
            self.logger.warning(
                "This machine's clock is %d seconds ahead of the API's: set it right, or have a proxy in between keep"
                " no old answers. Until then the bookmark stays at the API's time, so that no lead is passed over",
                ahead_seconds,
            )
        # Some servers answer an unknown route just as the API answers an empty period. A single window may well be one.
        if not found_a_list and self._plan.total > 1:
            self.logger.warning(
                "Each of %d periods was answered as empty, with a 404 or the like: either the account had no leads"
                " from %s to %s, or `api_url` is wrong",
                self._plan.total,
                to_rfc3339(start),
                to_rfc3339(self.settings.end),
            )

    def get_new_paginator(self) -> LeadsPaginator:
        """Return one reader's way through this run's windows; waits where no window is free yet."""
        return LeadsPaginator(self._plan, self._on_window_read)

    def _open_readers(self, start: int) -> WindowReaders:
        settings, connection = self.settings, self.settings.connection
        self.log("Reading leads from %s to %s", to_rfc3339(start), to_rfc3339(max(start, settings.end)))
        self._seams = SeamFilter()
        self._api_clock = ApiClock()
        self._is_capped = False  # whether the bookmark stays behind what was read
        self._state_written_at = float("-inf")
        self._skipped_items = 0
        self._plan = WindowPlan(split(start, settings.end, settings.window_seconds))
        self._readers = readers = WindowReaders(self._plan, connection.max_concurrent_requests)
        self._on_window_read = readers.window_read
        self.sleep = readers.sleep
        self.limiter = RateLimiter(
            connection.rate_limit_requests,
            connection.rate_limit_period_seconds,
            connection.max_concurrent_requests,
            clock=self.monotonic,
            sleep=readers.sleep,
        )
        return readers

    def _move_bookmark(self, unix_seconds: int) -> None:
        if self.replication_method == REPLICATION_FULL_TABLE:
            return
        # With a clock that is ahead, the span ends in the API's future, where nothing can have been read yet.
        bookmark = self._api_clock.cap(unix_seconds)
        self._is_capped = bookmark < unix_seconds
        if not self.state_manager.advance(bookmark):
            return
        now = self.monotonic()
        if now - self._state_written_at >= STATE_INTERVAL_SECONDS:
            self._write_state_message()
            self._state_written_at = now

    # What comes out

    def _new_records(self, page: Page, window: Window, start: int) -> Iterator[dict[str, Any]]:
        """Yield the records of a page that this run has not yielded yet.

        Raises:
            FatalError: not one item of the page is a lead, so that going on would pass over all of them.
        """
        if page.size and not page.leads:
            msg = f"GET /leads: none of the {page.size} items of a page has a `leadId`; the API may have changed"
            raise FatalError(msg)
        self._skipped_items += page.size - len(page.leads)
        for lead in page.leads:
            is_early = lead.second is not None and lead.second < start
            if not is_early and self._seams.passes(lead.lead_id, lead.second, window):
                yield lead.record

    @cached_property
    def _writes_as_is(self) -> bool:
        """Whether nothing stands between record and message: no selection, map, flattening, limit or other schema."""
        return (
            all(self.mask.values())
            and [type(stream_map) for stream_map in self.stream_maps] == [SameRecordTransform]
            and not self.config.get("flattening_enabled")
            and self.TYPE_CONFORMANCE_LEVEL is TypeConformanceLevel.NONE
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
                raise SettingsError(msg) from None
            return
        with self.get_record_counter() as counter, self.get_sync_timer():
            for records in self._pages_of_records(context):
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
