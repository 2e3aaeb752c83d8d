"""The bookmark over histories of runs: windows finish in any order, are cut or fail, and leads arrive later."""

from __future__ import annotations

import copy
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tap_seeker_leads.leads.timestamps import from_iso8601, to_rfc3339
from tap_seeker_leads.reading.windows import FinishedPrefix, Window, cut, split
from tap_seeker_leads.state.bookmarks import BookmarkManager

START, SPAN = 1_000_000, 3000
LONGEST = 200


class BookmarkHistory(RuleBasedStateMachine):
    """The bookmark never passes an instant that was not read, and never goes back, from run to run.

    A model records what was read, second by second, independently of the code under test. A run is killed, fails or
    ends; the next one starts from the last state that was written.
    """

    @initialize(lookback=st.sampled_from([0, 1, 50]), first_run=st.integers(1, SPAN))
    def open(self, lookback: int, first_run: int) -> None:
        self.lookback = lookback
        self.now = START + first_run
        self.read: set[int] = set()  # seconds whose leads were emitted by any run
        self.state: dict[str, Any] = {}  # the last one that was written
        self.highest = ""
        self.begin()

    def begin(self) -> None:
        self.tap_state = copy.deepcopy(self.state)
        bookmarks = BookmarkManager(
            tap_name="tap-seeker-leads", stream_name="leads", tap_state=cast("Any", self.tap_state)
        )
        self.manager = bookmarks.of(None)
        bookmark = self.manager.read()
        start = START if bookmark is None else max(START, bookmark - self.lookback)
        # Everything before the start was read: there is no gap up to the bookmark.
        self.prefix = FinishedPrefix(start)
        self.waiting = list(split(start, self.now, LONGEST))
        self.at_work: list[tuple[Window, int]] = []  # a window, and up to where its pages are emitted

    @precondition(lambda self: self.waiting)
    @rule(which=st.integers(0, 99))
    def take(self, which: int) -> None:
        """A reader takes a window; the order of the windows does not matter."""
        window = self.waiting.pop(which % len(self.waiting))
        self.at_work.append((window, window.start))

    @precondition(lambda self: self.at_work)
    @rule(which=st.integers(0, 99), seconds=st.integers(1, 120))
    def page(self, which: int, seconds: int) -> None:
        """Another page of some window is emitted, but not its last."""
        which %= len(self.at_work)
        window, read_to = self.at_work[which]
        further = min(read_to + seconds, window.end - 1)
        self.read.update(range(read_to, further))
        self.at_work[which] = (window, max(read_to, further))

    @precondition(lambda self: self.at_work)
    @rule(which=st.integers(0, 99), pages=st.integers(1, 300), idle=st.integers(1, 10))
    def cut(self, which: int, pages: int, idle: int) -> None:
        """A dense window is cut for idle readers."""
        which %= len(self.at_work)
        window, read_to = self.at_work[which]
        mine, *others = cut(window, read_to, pages, idle + 1)
        assert read_to <= mine.end
        self.at_work[which] = (mine, read_to)
        self.waiting += others

    @precondition(lambda self: self.at_work)
    @rule(which=st.integers(0, 99), goes_out=st.booleans())
    def finish(self, which: int, goes_out: bool) -> None:  # noqa: FBT001  # Hypothesis gives it by name
        """The last page of a window is emitted; a STATE follows, or is too soon after the last one."""
        window, read_to = self.at_work.pop(which % len(self.at_work))
        self.read.update(range(read_to, window.end))
        if self.prefix.add(window) and self.manager.advance(self.prefix.end) and goes_out:
            self.write_state()

    @precondition(lambda self: self.at_work)
    @rule(which=st.integers(0, 99))
    def fail(self, which: int) -> None:
        """A window cannot be read: the run ends, and writes a state of what is finished."""
        self.at_work.pop(which % len(self.at_work))
        self.write_state()
        self.begin()

    @rule()
    def kill(self) -> None:
        """The run is killed: a state that was not written is lost."""
        self.begin()

    @precondition(lambda self: not self.waiting and not self.at_work)
    @rule(seconds=st.integers(0, 500))
    def end_and_run_later(self, seconds: int) -> None:
        """Everything is read: the bookmark is the end of the run; more leads arrive later."""
        assert self.prefix.end >= self.now
        self.write_state()
        if self.now > START:
            before = from_iso8601(self.highest) if self.highest else START
            assert self.manager.read() == max(self.now, before)
        self.now += seconds
        self.begin()

    @rule(seconds=st.integers(1, 500))
    def run_with_an_earlier_clock(self, seconds: int) -> None:
        """A machine whose clock is behind, or an `end_date`, never moves the bookmark back."""
        now, self.now = self.now, max(START, self.now - seconds)
        self.begin()
        for window in self.waiting:
            self.read.update(range(window.start, window.end))
            if self.prefix.add(window):
                self.manager.advance(self.prefix.end)
        self.waiting = []
        self.write_state()
        self.now = now
        self.begin()

    def write_state(self) -> None:
        self.state = copy.deepcopy(self.tap_state)

    @invariant()
    def never_past_what_was_not_read(self) -> None:
        """Both the written state and the next one are before every unread second."""
        first_unread = START
        while first_unread in self.read:
            first_unread += 1
        for value in (self.manager.read(), self.bookmark):
            assert value is None or value <= first_unread

    @invariant()
    def never_back(self) -> None:
        """Compared as strings, as the SDK and loaders do."""
        if self.bookmark is not None:
            assert to_rfc3339(self.bookmark) >= self.highest
            self.highest = to_rfc3339(self.bookmark)

    @property
    def bookmark(self) -> int | None:
        value = self.state.get("bookmarks", {}).get("leads", {}).get("replication_key_value")
        return None if value is None else from_iso8601(value)


TestBookmarkHistory = BookmarkHistory.TestCase
TestBookmarkHistory.settings = settings(max_examples=80, stateful_step_count=50, deadline=None)
