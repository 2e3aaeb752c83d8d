"""After a 429, all threads wait: the real limiter and the real retrier together, on real sockets."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.hostile_server import Asked, HostileServer, http, page
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from tap_seeker_leads.streams import LeadsStream
    from target_seeker_leads.target import TargetSeekerLeads
    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner

PAUSE_SECONDS = 1
WORKERS = 10


@dataclasses.dataclass
class Throttling:
    """Answers the first request with 429, and holds all other answers until the thread that got the 429 waits."""

    body: str
    waits: threading.Event = dataclasses.field(default_factory=threading.Event)
    started: list[float] = dataclasses.field(default_factory=list)
    throttled_at: float = 0.0

    def __call__(self, asked: Asked) -> list[bytes]:
        self.started.append(time.monotonic())
        if asked.number == 0:
            self.throttled_at = time.monotonic()
            return http(status=429, Retry_After=str(PAUSE_SECONDS))
        assert self.waits.wait(60)
        return http(self.body)

    def begins_to_wait(self, seconds: float) -> None:
        """Receive each wait; the wait for the 429 releases the other answers."""
        if seconds >= PAUSE_SECONDS:
            self.waits.set()

    @property
    def early(self) -> int:
        """Return how many requests started before the second was over."""
        return sum(start < self.throttled_at + PAUSE_SECONDS for start in self.started)


def test_all_readers_wait_on_a_429(run_tap: TapRunner) -> None:
    """One reader's 429 with `Retry-After: 1` stops all ten readers for a second, except for requests in flight."""
    throttling = Throttling(page([]))

    def in_real_time(stream: LeadsStream) -> None:
        stream.monotonic = time.monotonic

        def sleep(seconds: float) -> None:
            throttling.begins_to_wait(seconds)
            threading.Event().wait(seconds)

        stream.sleep = sleep

    with HostileServer(throttling) as server:
        run = run_tap(api_url=server.url, start_date="2026-06-01", before=in_real_time)
    assert run.error is None
    assert len(throttling.started) == 26 + 1
    assert throttling.early <= WORKERS


def test_all_deliveries_wait_on_a_429(run_target: TargetRunner) -> None:
    """One lead's 429 with `Retry-After: 1` delays all other leads for a second, except for requests in flight."""
    throttling = Throttling('{"requestId": "x"}')

    def in_real_time(target: TargetSeekerLeads) -> None:
        def sleep(seconds: float) -> None:
            throttling.begins_to_wait(seconds)
            threading.Event().wait(seconds)

        target.monotonic = time.monotonic
        target.sleep = sleep

    messages: list[Any] = [SCHEMA, *map(record, range(40)), state(1)]
    with HostileServer(throttling) as server:
        run = run_target(messages, api_url=server.url, before=in_real_time)
    assert run.error is None
    assert len(throttling.started) == 40 + 1
    assert throttling.early <= WORKERS
