"""What one run does for one account: it reads what is new, then what is due again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_seeker_leads.reading.doubts import gone_route, last_lead_that_proves
from tap_seeker_leads.reading.readers import Failed, PageRead, WindowRead
from tap_seeker_leads.reading.span_reader import SpanReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_api.accounts import Account
    from seeker_leads_api.stopping import Stopping
    from tap_seeker_leads.reading.readers import Event
    from tap_seeker_leads.reading.refreshing import Refreshing
    from tap_seeker_leads.reading.span_reader import AccountRun, PageTurn
    from tap_seeker_leads.state.bookmark import Bookmark
    from tap_seeker_leads.state.checkpoints import Checkpoints


class AccountReader:
    """Takes an account through its spans, one after the other, and keeps its bookmark.

    It gives the pool turns to take, and is told by the main thread what the pool's readers found. `warn` gets what a
    user should know of the account. A run of the whole table keeps no bookmark.
    """

    def __init__(  # noqa: PLR0913  # what one account's run is made of
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
        self.leads = self.requests = 0  #: given, and answered
        self.live = SpanReader.live(run, start)
        self._run = run
        self._bookmark = bookmark
        self._keeps_bookmark = keeps_bookmark
        self._checkpoints = checkpoints
        self._stopping = stopping
        self._warn = warn
        self._last_lead = last_lead_that_proves(bookmark.last_lead, run.settings.now)
        self._held: int | None = None  # how far the bookmark may move once it is sure that the API lists leads
        self._spans = self._all_spans()
        self._begun: SpanReader | None = None
        self.span: SpanReader | None = next(self._spans)  #: what is being read; None when all is

    # For the pool's readers

    def turns(self) -> int:
        """Return how many requests could be made now."""
        return 0 if self.span is None else self.span.turns()

    def take(self) -> PageTurn | None:
        """Return one of them; None where there is none."""
        return None if self.span is None else self.span.take()

    # For the main thread

    @property
    def read_up_to(self) -> int | None:
        """The instant before which every lead was given, in this run or an earlier one; None where there is none."""
        if self._keeps_bookmark:
            return self._bookmark.read()
        return self.live.read_up_to if self.requests else None

    def found(self, event: Event) -> list[dict[str, Any]] | None:
        """Take in what a reader found; return the records of a page that was asked for its leads, None without one.

        Raises:
            Exception: the account's reading had to end; what was found before counts.
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

    def go_on(self) -> bool:
        """Go on to the next span where one is read to its end; return whether there is one that was not begun yet.

        Raises:
            FatalError: the API does not list leads where it has listed some before.
        """
        while self.span is not None and self.span.is_read:
            for doubt in self.span.doubts():
                self._warn(f"{self.place}{doubt}")
            self.span = next(self._spans, None)
        is_new = self.span is not self._begun
        self._begun = self.span
        return is_new and self.span is not None

    def end(self, error: BaseException | None = None) -> None:
        """Let no more be read of the account, and end what its readers wait for."""
        self.error = error
        self._stopping.order()
        if self.span is not None:
            self.span.close()
            self.span = None

    def _all_spans(self) -> Iterator[SpanReader]:
        """Yield what to read; each is read to its end before the next is asked for."""
        yield self.live
        if self._held is not None and self._last_lead is not None:
            if not self.live.found_a_list:
                probe = SpanReader.probe(self._run, self._last_lead)
                yield probe
                if not probe.found_a_list:
                    raise gone_route(self._last_lead, self._bookmark.place)
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
        # With a clock that is ahead, the span ends in the API's future, where nothing can have been read yet.
        if self._bookmark.advance(self.live.api_clock.cap(unix_seconds)):
            self._checkpoints.moved()
