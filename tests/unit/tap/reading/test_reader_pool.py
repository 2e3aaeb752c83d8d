"""The pool of readers where the system is short of something."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from seeker_leads_api.stopping import Stopping
from tap_seeker_leads.reading.events import WindowRead
from tap_seeker_leads.reading.readers import ReaderPool
from tap_seeker_leads.reading.windows import Window


@dataclass(eq=False)
class Account:
    """Has turns that each put one event."""

    pool: ReaderPool[Account]
    left: list[int] = field(default_factory=lambda: [*range(20)])

    def turns(self) -> int:
        return len(self.left)

    def take(self) -> Account | None:
        if not self.left:
            return None
        self.left.pop()
        return self

    def read(self) -> None:
        self.pool.put_event(self, WindowRead(Window(0, 1)))


@pytest.mark.timeout(20)
def test_too_few_threads_take_all_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the system refuses a second thread, the first one reads everything; the run does not wait forever."""
    start = threading.Thread.start
    started: list[threading.Thread] = []

    def limited(thread: threading.Thread) -> None:
        if started:
            msg = "can't start new thread"
            raise RuntimeError(msg)
        started.append(thread)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)
    pool: ReaderPool[Account] = ReaderPool(Stopping(), readers=10, readers_per_account=10)
    account = Account(pool)
    with pool:
        pool.offer(account)
        assert [pool.next_event()[0] for _ in range(20)] == [account] * 20
    assert len(started) == 1
