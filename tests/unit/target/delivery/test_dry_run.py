from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.dry_run import DryRun
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.delivery.prepared_record import PreparedRecord
from target_seeker_leads.delivery.report import Report
from target_seeker_leads.ledger.rules import Claim, Decision
from target_seeker_leads.settings import DedupeBy

REASON = Reason("email", "is required", "")


def order(key: str, *, is_bad: bool = False) -> PreparedRecord:
    incoming = Incoming("leads", (), {}, Source("leads", (), {}, is_replay=False))
    claim = Claim(key, content="", stream="leads", is_replay=False, will_send=not is_bad)
    return PreparedRecord(incoming, claim, {}, (REASON,) if is_bad else ())


def rehearsal(decision: Decision, *, dedupe_by: DedupeBy = DedupeBy.KEY) -> tuple[DryRun, Report]:
    settings: Any = SimpleNamespace(dedupe_by=dedupe_by)
    ledger: Any = SimpleNamespace(peek=lambda _: decision)
    report = Report(50)
    return DryRun(settings, ledger, report), report


def counts(report: Report) -> dict[str, int]:
    return {result.value: count for result, count in report._results.items() if count}


class KeyOfTwo(str):
    """A key that, between lookup and registration, lets another thread arrive with the same one."""

    __slots__ = ("other", "uses")
    other: threading.Thread
    uses: int

    def __hash__(self) -> int:
        self.uses += 1
        if self.uses == 2:
            self.other.start()
            self.other.join(0.1)  # it ends at once, unless it has to wait for the lock
        return super().__hash__()


def test_one_of_two_threads_with_the_same_record_is_the_first() -> None:
    """A repeated record is sent once, even if the second one arrives before the first one is registered."""
    rund, report = rehearsal(Decision.SEND)
    key = KeyOfTwo("k")
    key.uses = 0
    key.other = threading.Thread(target=rund.run, args=[order("k")])
    rund.run(order(key))
    key.other.join()
    assert counts(report) == {"created": 1, "skipped as delivered before": 1}


@pytest.mark.parametrize(
    ("decision", "bad", "expected"),
    [
        (Decision.SEND, [0, 0], ["created", "skipped as delivered before"]),
        (Decision.SEND, [1, 1], ["rejected", "skipped as rejected before"]),
        (Decision.SEND, [1, 0, 0], ["rejected", "created", "skipped as delivered before"]),
        (Decision.SEND, [0, 1], ["created", "skipped as delivered before"]),
        (Decision.SEND_AGAIN, [0, 0], ["created", "skipped as delivered before"]),
        (Decision.KEEP_UNKNOWN, [0, 0], ["of unknown outcome", "skipped as unknown before"]),
        (Decision.KEEP_UNKNOWN, [1, 0], ["of unknown outcome", "skipped as unknown before"]),
        (Decision.SKIP_UNKNOWN, [0, 0], ["skipped as unknown before"] * 2),
        (Decision.SKIP_REJECTED, [1, 1], ["skipped as rejected before"] * 2),
        (Decision.WAIT, [0, 1], ["skipped as delivered before"] * 2),
    ],
)
def test_what_comes_twice_is_told_as_a_run_would(decision: Decision, bad: list[int], expected: list[str]) -> None:
    """A second record of the same key gets the result of the first; an unknown outcome never counts as delivered."""
    rund, report = rehearsal(decision)
    for is_bad in bad:
        rund.run(order("k", is_bad=bool(is_bad)))
    assert counts(report) == {result: expected.count(result) for result in expected}


def test_nothing_is_remembered_where_nothing_comes_twice() -> None:
    """With `dedupe_by: none` every record is new: memory does not grow with their number."""
    rund, report = rehearsal(Decision.SEND, dedupe_by=DedupeBy.NONE)
    for number in range(10):
        rund.run(order(str(number)))
    assert counts(report) == {"created": 10}
    assert not rund._results
