"""One run's work for one account: it reads new leads, then the windows that the refresh is due to read again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_seeker_leads.reading.events import Failed, PageRead, WindowRead
from tap_seeker_leads.reading.hidden_problems import expected_last_lead, missing_route_error
from tap_seeker_leads.reading.span_reader import SpanReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_api.accounts import Account
    from seeker_leads_api.stopping import Stopping
    from tap_seeker_leads.reading.account_run import AccountRun
    from tap_seeker_leads.reading.events import Event
    from tap_seeker_leads.reading.refreshing import Refreshing
    from tap_seeker_leads.reading.span_reader import PageTurn
    from tap_seeker_leads.state.bookmark import Bookmark
    from tap_seeker_leads.state.checkpoints import Checkpoints


class AccountReader:
    """Reads an account's spans one after the other, and keeps its bookmark.

    It offers turns to the pool; the main thread tells it what the pool's readers found. `warn` receives warnings for
    the user. A FULL_TABLE run keeps no bookmark.
    """

    def __init__(  # noqa: PLR0913  # the parts of one account's run
        self,
        account: Account,
        run: AccountRun,
        start: int,
        bookmark: Bookmark,
        *,
        keeps_bookmark: bool,
        refreshing: Refreshing | None,
        checkpoints: Checkpoints,
        stopping: Stopping,
        warn: Callable[[str], object],
    ) -> None:
        self.label, self.place = account.label, account.place
        self.refreshing = refreshing
        self.error: BaseException | None = None
        self.leads = self.requests = 0  #: leads emitted, and requests answered
        self.live = SpanReader.live(run, start)
        self._run = run
        self._bookmark = bookmark
        self._keeps_bookmark = keeps_bookmark
        self._checkpoints = checkpoints
        self._stopping = stopping
        self._warn = warn
        self._last_lead = expected_last_lead(bookmark.last_lead, run.settings.now)
        self._held: int | None = None  # where the bookmark moves once the API has shown that it lists leads
        self._spans = self._all_spans()
        self._begun: SpanReader | None = None
        self.span: SpanReader | None = next(self._spans)  #: the span being read; None after the last

    # For the pool's readers

    def turns(self) -> int:
        """Return how many requests could be made now."""
        return 0 if self.span is None else self.span.turns()

    def take(self) -> PageTurn | None:
        """Return one of them, or None."""
        return None if self.span is None else self.span.take()

    # For the main thread

    @property
    def read_up_to(self) -> int | None:
        """The instant before which this run or an earlier one emitted every lead; None if there is none."""
        if self._keeps_bookmark:
            return self._bookmark.read()
        return self.live.read_up_to if self.requests else None

    def handle(self, event: Event) -> list[dict[str, Any]] | None:
        """Process what a reader found; return the records of a page, or None if it is not a page to emit.

        Raises:
            Exception: the account cannot be read further; what was found before stays valid.
        """
        span = self.span
        if span is None:
            return None
        match event:
            case Failed(error):
                raise error
            case PageRead():
                records = span.page_read(event)
                if records is None:
                    return None
                if span is not self.live and self.refreshing is not None:
                    records = self.refreshing.records_to_keep(records)
                self.requests += 1
                self.leads += len(records)
                return records
            case WindowRead(window):
                if span.window_read(window):
                    self._move(span)
        return None

    def begin_next_span(self) -> bool:
        """Move to the next span once the current one is read to the end; return whether a new span begins.

        Raises:
            FatalError: the API no longer lists leads where it listed some before.
        """
        while self.span is not None and self.span.is_read:
            for warning in self.span.warnings():
                self._warn(f"{self.place}{warning}")
            self.span = next(self._spans, None)
        is_new = self.span is not self._begun
        self._begun = self.span
        return is_new and self.span is not None

    def end(self, error: BaseException | None = None) -> None:
        """Stop reading the account, and end the waits of its readers."""
        self.error = error
        self._stopping.order()
        if self.span is not None:
            self.span.close()
            self.span = None

    def _all_spans(self) -> Iterator[SpanReader]:
        """Yield the spans to read; each is read to the end before the next is taken."""
        yield self.live
        if self._held is not None and self._last_lead is not None:
            if not self.live.found_a_list:
                probe = SpanReader.probe(self._run, self._last_lead)
                yield probe
                if not probe.found_a_list:
                    raise missing_route_error(self._last_lead, self._bookmark.place)
            self._move_bookmark(self._held)
        if self.refreshing is None:
            return
        for stretch in self.refreshing.stretches(self.live):
            self.refreshing.begun(stretch)
            self._checkpoints.live_part_ended()
            yield SpanReader.again(self._run, stretch)
            self.refreshing.ended(stretch)

    def _move(self, span: SpanReader) -> None:
        if span is self.live:
            if self._last_lead is not None and not span.found_a_list:
                self._held = span.read_up_to
            else:
                self._move_bookmark(span.read_up_to)
        elif self.refreshing is not None:
            self.refreshing.read_up_to(span.read_up_to)
            self._checkpoints.moved()

    def _move_bookmark(self, unix_seconds: int) -> None:
        if not self._keeps_bookmark:
            return
        if self.live.last_lead is not None:
            self._bookmark.note_lead(self.live.last_lead)
        # If this machine's clock is ahead, the span ends in the API's future, which cannot have been read yet.
        if self._bookmark.advance(self.live.api_clock.cap(unix_seconds)):
            self._checkpoints.moved()
