"""One ledger, many threads and processes."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, UnknownOutcome
from target_seeker_leads.ledger.tables import load
from tests.ledger_tools import REJECT, RETRY, RUN, WORKER, ask, claim, crash, process, read_line, rows, write_line
from tests.queued_operations import count_queued, wait_until_queued


def test_waiting_claims_share_a_transaction(url: str) -> None:
    """The claims of fifty threads cost one transaction, and for each key only one of them may send."""
    with Ledger.open(url, RETRY) as ledger, ThreadPoolExecutor(50) as pool:
        assert ledger._session
        commits: list[object] = []
        event.listen(ledger._session.connection.engine, "commit", commits.append)
        with ledger._group.paused():
            queued = count_queued(ledger._group)
            futures = [pool.submit(ledger.claim, claim(f"{number % 40}")) for number in range(50)]
            wait_until_queued(queued, 50)
        decisions = [future.result() for future in futures]
    assert (decisions.count(Decision.SEND), decisions.count(Decision.WAIT), len(commits)) == (40, 10, 1)


def test_processes_never_send_the_same_record(url: str) -> None:
    """Two processes that start on a new ledger at once, with the same records, send each of them exactly once."""
    with process(WORKER, url, 300) as one, process(WORKER, url, 300) as two:
        write_line(one)
        write_line(two)
        both = [json.loads(read_line(one)), json.loads(read_line(two))]
        # They must also end without error, with both closing at once.
        assert [running.wait(30) for running in (one, two)] == [0, 0]
    assert [pair.count("SEND") for pair in zip(*both, strict=True)] == [1] * 300


def test_ledger_can_be_opened_by_many_at_once(url: str) -> None:
    """Of many that find no tables, one creates them and the others use them."""
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: Ledger.open(url, RETRY), range(8)))
        assert [ledger.claim(claim("k")) for ledger in ledgers].count(Decision.SEND) == 1
        list(pool.map(Ledger.close, ledgers))


@pytest.mark.parametrize(("policy", "decision"), [(RETRY, Decision.SEND_AGAIN), (REJECT, Decision.KEEP_UNKNOWN)])
def test_killed_run_is_dead_at_once(url: str, policy: UnknownOutcome, decision: Decision) -> None:
    """A live run's record is waited for; as soon as the run is killed, the policy decides."""
    with process(RUN, url) as other, Ledger.open(url, policy) as ledger:
        assert ask(other, "k", "l") == ["SEND", "SEND"]
        assert ledger.claim(claim("k")) is Decision.WAIT
        assert ledger.claim(claim("k", is_replay=True, will_send=False)) is Decision.WAIT
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        # PostgreSQL has to notice that the connection is gone; that is not a lease, but it takes a moment.
        while (decided := ledger.claim(claim("k"))) is Decision.WAIT:
            pass
        assert decided is decision
        assert ledger.claim(claim("l")) is decision


def test_frozen_run_is_not_dead(url: str) -> None:
    """A frozen run still holds its records: it may continue and send."""
    with process(RUN, url) as other, Ledger.open(url, RETRY) as ledger:
        ask(other, "k")
        other.send_signal(signal.SIGSTOP)
        assert ledger.claim(claim("k")) is Decision.WAIT
        other.send_signal(signal.SIGCONT)
        assert ask(other, "l") == ["SEND"]


def test_only_one_successor_takes_over(url: str) -> None:
    """Of two runs that find a dead run's record, one gets it and the other waits for that one."""
    dead = Ledger.open(url, RETRY)
    dead.claim(claim("k"))
    crash(dead)
    with Ledger.open(url, RETRY) as one, Ledger.open(url, RETRY) as two:
        assert one.claim(claim("k")) is Decision.SEND_AGAIN
        assert two.claim(claim("k")) is Decision.WAIT
    assert rows(url, "resends") == [(1,)]


def test_new_key_taken_in_between_is_decided_anew(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another run writes a key between our read and our write, none of the group is written; it is decided again."""
    with Ledger.open(empty_postgres, RETRY) as one, Ledger.open(empty_postgres, RETRY) as two:
        late = iter([two])

        def load_and_lose(*arguments: Any, **options: Any) -> Any:
            found = load(*arguments, **options)
            for other in late:
                assert other.claim(claim("k")) is Decision.SEND
            return found

        monkeypatch.setattr("target_seeker_leads.ledger.ledger.load", load_and_lose)
        assert one.claim(claim("k")) is Decision.WAIT
