"""Faults while sending, each alone and all mixed: nothing is lost, and every duplicate was counted."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import FaultKind, Sandbox
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from tests.tap_runs import Clock
    from tests.target_runs import Sent, TargetRunner

COUNT = 400
#: How many requests the target has under way.
UNDER_WAY = 10
#: The probability of each fault, alone or among others.
RATE = 0.03
MESSAGES: list[dict[str, Any]] = [SCHEMA, *map(record, range(COUNT)), state({"done": True})]
EVERYTHING = {message["record"]["email"] for message in MESSAGES[1:-1]}


#: Faults with a known result: the API, or its status, tells it.
KNOWN = {
    "500": on_post(FaultKind.STATUS, status=500, rate=RATE),
    "503": on_post(FaultKind.STATUS, status=503, rate=RATE),
    "429": on_post(FaultKind.STATUS, status=429, rate=RATE),
    "cut body": on_post(FaultKind.CUT_BODY, rate=RATE),
    "bad JSON": on_post(FaultKind.BAD_JSON, rate=RATE),
}
#: Faults after which it is unknown whether the lead exists.
UNKNOWN = {
    "reset": on_post(FaultKind.RESET, rate=RATE),
    "502 as HTML": on_post(FaultKind.HTML_502, rate=RATE),
    "lost answer": on_post(FaultKind.LOST_ANSWER, rate=RATE),
    "time-out": on_post(FaultKind.TIMEOUT, times=4, after=40),
}
MIXES = {name: [fault] for name, fault in {**KNOWN, **UNKNOWN}.items()}
MIXES["all but lost answers"] = [fault for name, fault in {**KNOWN, **UNKNOWN}.items() if name[0] not in "lt"]
MIXES["all"] = [*KNOWN.values(), *UNKNOWN.values()]


#: Seconds without an answer: one if a fault is silence, otherwise more than a busy machine ever takes.
def patience(name: str) -> int:
    return 1 if name in {"time-out", "all"} else 10


def sent_again(run: Sent) -> int:
    return sum(int(found[1]) for line in run.log if (found := re.match(r"(\d+) leads were sent again", line)))


def created(sandbox: Sandbox) -> Counter[str]:
    return Counter(lead["email"] for lead in sandbox.created)


def ledger_rows(run_target: TargetRunner, query: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(run_target.ledger_path)) as ledger:
        return ledger.execute(query).fetchall()


@pytest.mark.parametrize("name", MIXES)
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_nothing_is_lost_among_faults(run_target: TargetRunner, sandbox: Sandbox, name: str, policy: str) -> None:
    """3 % of each kind, in one run: each lead is created or, with `reject`, kept with an unknown outcome.

    `reject`: no lead exists twice. `retry`: at most as many exist twice as the run reports as sent again, and each
    as often as the ledger says; if the outcome of every fault is known, none does.
    """
    is_mix = name.startswith("all")
    # A single kind is tested on fewer records, and hits more often.
    sandbox.script(*(fault if is_mix else replace(fault, rate=min(1.0, 3 * fault.rate)) for fault in MIXES[name]))
    messages = MESSAGES if is_mix else [*MESSAGES[:101], MESSAGES[-1]]
    everything = {message["record"]["email"] for message in messages[1:-1]}
    run = run_target(messages, on_unknown_outcome=policy, request_timeout_seconds=patience(name))
    assert run.error is None
    assert run.states[-1] == {"done": True}
    counts = created(sandbox)
    twice = [email for email, count in counts.items() if count > 1]
    resends = {row[0] for row in ledger_rows(run_target, "SELECT sum(resends) FROM seeker_leads_ledger")}
    kept = {letter["record"]["email"] for letter in run.rejects}
    assert set(counts) | kept == everything
    if policy == "reject":
        assert (twice, resends, sent_again(run)) == ([], {0}, 0)
        assert all("may or may not exist" in letter["reasons"][0]["rule"] for letter in run.rejects)
    else:
        assert not kept
        assert len(twice) <= sent_again(run)
        assert counts.total() - len(counts) <= max(resends)
        if name == "lost answer":
            assert len(twice) == sent_again(run) > 0
            assert {sandbox.statistics.requests - len(everything)} == {counts.total() - len(counts)} == resends
    if name in KNOWN:
        assert (kept, twice, sent_again(run)) == (set(), [], 0)


def test_next_run_among_faults_sends_nothing_twice(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """The same input again, with the same faults, sends nothing; unknown ones are sent once they are replayed."""
    sandbox.script(*MIXES["all"])
    first = run_target(MESSAGES, on_unknown_outcome="reject", request_timeout_seconds=patience("all"))
    asked = sandbox.statistics.requests
    again = run_target(MESSAGES, on_unknown_outcome="reject")
    assert sandbox.statistics.requests == asked
    assert again.summary.startswith("0 created")
    assert again.rejects == first.rejects
    sandbox.script()
    run_target.rejects_path.unlink()
    run_target(first.rejects)
    assert set(created(sandbox)) == EVERYTHING


@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_server_that_was_away_for_20_seconds(
    run_target: TargetRunner, sandbox: Sandbox, clock: Clock, policy: str
) -> None:
    """An API that dies with requests under way and returns after 20 s costs only time; the run continues by itself.

    Requests under way have an unknown outcome, and end according to the policy. A refused connection carried
    nothing: however often it is tried, it never counts as sent.
    """
    # The first 30 are answered, and those after them are under way when the server dies.
    sandbox.script(on_post(FaultKind.TIMEOUT, after=30))
    successor = Successor(sandbox, clock)
    dies = threading.Thread(target=successor.let_it_die, args=[30 + UNDER_WAY])
    dies.start()
    try:
        run = run_target(
            [SCHEMA, *map(record, range(60)), state(1)],
            before=lambda target: setattr(target, "sleep", successor.wait),
            on_unknown_outcome=policy,
            max_retries=20,
        )
    finally:
        dies.join()
        successor.stop()
    assert run.error is None
    assert run.states == [1]
    assert len(sandbox.created) == 30
    both = created(sandbox) + successor.created
    assert set(both.values()) == {1}
    resends = ledger_rows(run_target, "SELECT sum(resends) FROM seeker_leads_ledger")
    if policy == "retry":
        assert len(both) == 60
        assert (run.rejects, sent_again(run), resends) == ([], UNDER_WAY, [(UNDER_WAY,)])
    else:
        assert (len(both), len(run.rejects), sent_again(run), resends) == (60 - UNDER_WAY, UNDER_WAY, 0, [(0,)])
        assert not both.keys() & {letter["record"]["email"] for letter in run.rejects}
    assert 20 <= successor.longest_wait < 60


class Successor:
    """The server at the same address, 20 s after it died; each thread's waits return at once, and count separately."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self._before = sandbox
        self._clock = clock
        self._waited: defaultdict[int, float] = defaultdict(float)
        self._lock = threading.Lock()
        self._running: Sandbox | None = None

    def let_it_die(self, requests: int) -> None:
        """Wait for a number of requests, then end the server."""
        assert self._before.statistics.wait_until(lambda: self._before.statistics.requests == requests)
        self._before.stop()

    def wait(self, seconds: float) -> None:
        """Let time pass; after 20 s the server is back."""
        with self._lock:
            self._waited[threading.get_ident()] += seconds
            if self.longest_wait >= 20 and self._running is None:
                port = int(self._before.url.rpartition(":")[2])
                self._running = Sandbox.start(self._before.options, clock=self._clock, port=port)

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()

    @property
    def longest_wait(self) -> float:
        return max(self._waited.values())

    @property
    def created(self) -> Counter[str]:
        assert self._running
        return created(self._running)


def test_server_that_stays_away_ends_the_run(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """If the tries are used up, the run ends with one line; nothing counts as sent, and no STATE is passed on."""
    sandbox.stop()
    run = run_target([SCHEMA, record(1), state(1)], max_retries=3)
    assert "no connection" in str(run.error)
    assert "gave up after 4 tries" in str(run.error)
    assert run.states == []
    assert ledger_rows(run_target, "SELECT * FROM seeker_leads_ledger") == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_as_a_date_is_waited_for(run_target: TargetRunner, sandbox: Sandbox, status: int) -> None:
    """`Retry-After` as a date is honoured like one in seconds, and with a 429 all threads wait."""
    until = formatdate(time.time() + 100, usegmt=True)
    sandbox.script(on_post(FaultKind.STATUS, status=status, retry_after=until, times=1))
    run = run_target([SCHEMA, record(1), state(1)])
    assert run.error is None
    assert 90 < max(run.slept) <= 100
    assert len(sandbox.created) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_of_an_hour_ends_the_run(
    run_target: TargetRunner, sandbox: Sandbox, status: int, form: str
) -> None:
    """Asked to wait for an hour, the run ends and says so; the next run gets STATE and records, and sends each once."""
    wait = 3600 if form == "seconds" else formatdate(time.time() + 3600, usegmt=True)
    sandbox.script(on_post(FaultKind.STATUS, status=status, retry_after=wait, after=20))
    messages = [*MESSAGES[:61], MESSAGES[-1]]
    run = run_target(messages)
    assert re.search(r"the API asks to wait 3[56]\d\d s: run again after that", str(run.error))
    assert run.states == []
    assert sum(run.slept) < 60
    assert run.rejects == []
    sandbox.script()
    again = run_target(messages)
    assert again.states == [{"done": True}]
    assert sent_again(again) == 0
    assert created(sandbox) == Counter(message["record"]["email"] for message in messages[1:-1])
