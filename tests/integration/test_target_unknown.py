"""A lead that may exist never counts as one that does not exist, whatever happens after its answer was lost."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox.faults.faults import FaultKind
from tests.ledger_tools import rows
from tests.posted_leads import on_post
from tests.raw_server import RawServer, raw_server
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    import socket

    from seeker_leads_sandbox import Fault, Sandbox
    from tests.target_runs import Sent, TargetRunner

REFUSAL = '{"title": "Bad", "status": 400}'
MAY_EXIST = "may or may not exist"


def lost(times: int = 1) -> Fault:
    return on_post(FaultKind.LOST_ANSWER, times=times)


def refused() -> Fault:
    return on_post(FaultKind.STATUS, status=400, body=REFUSAL, times=1)


def rules(run: Sent) -> list[str]:
    """The reasons in the one letter that this run wrote."""
    (letter,) = run.rejects
    return [reason["rule"] for reason in letter["reasons"]]


def resends_told(run: Sent) -> int:
    return sum(int(line.split()[0]) for line in run.log if "leads were sent again" in line)


@pytest.fixture
def run_target(run_target: TargetRunner, url: str) -> TargetRunner:
    """For each kind of ledger."""
    run_target.config["ledger_url"] = url
    return run_target


@pytest.fixture
def lead_of_a_lost_answer(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A run that created lead 1, lost the answer, and gave up."""
    sandbox.script(lost())
    assert run_target([SCHEMA, record(1), state(1)], max_retries=0).error is not None
    assert len(sandbox.created) == 1


@pytest.mark.usefixtures("lead_of_a_lost_answer")
def test_refusal_by_a_later_run_stays_unknown(run_target: TargetRunner, sandbox: Sandbox, url: str) -> None:
    """A 400 in one run does not tell the result of an earlier run's request: report and dead letter say so."""
    sandbox.script(refused())
    run = run_target([SCHEMA, record(1), state(1)])
    assert run.error is None
    assert "0 rejected, 1 of unknown outcome" in run.summary
    assert MAY_EXIST in rules(run)[0]
    assert rules(run)[1:] == ["the API says: Bad"]
    assert resends_told(run) == 1
    assert rows(url, "status, resends") == [("unknown", 1)]
    again = run_target([SCHEMA, record(1, message="something else"), state(1)])
    assert "1 skipped as unknown before" in again.summary
    assert len(sandbox.created) == 1


@pytest.mark.usefixtures("lead_of_a_lost_answer")
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_breach_of_the_contract_in_a_later_run_stays_unknown(
    run_target: TargetRunner, sandbox: Sandbox, url: str, policy: str
) -> None:
    """If the record, or its mapping, breaks the contract now, its lead may still exist: both are reported."""
    messages = [SCHEMA, record(1, email=None), record(2), state(1)]
    dry = run_target(messages, on_unknown_outcome=policy, dry_run=True)
    run = run_target(messages, on_unknown_outcome=policy)
    for each in (dry, run):
        assert "1 created, 0 skipped as delivered before, 0 rejected, 1 of unknown outcome" in each.summary
    assert MAY_EXIST in rules(run)[0]
    assert rules(run)[1:] == ["is required"]
    assert resends_told(run) == 0
    assert sorted(rows(url, "status, resends")) == [("delivered", 0), ("unknown", 0)]
    assert "1 skipped as unknown before" in run_target([SCHEMA, record(1)], on_unknown_outcome=policy).summary
    assert len(sandbox.created) == 2


@pytest.mark.usefixtures("lead_of_a_lost_answer")
def test_stream_map_that_fails_in_a_later_run_leaves_it_unknown(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A stream map that now fails says nothing about the lead that was sent before."""
    run = run_target([SCHEMA, record(1), state(1)], stream_maps={"leads": {"gender": "1 / (id - 1)"}})
    assert "0 rejected, 1 of unknown outcome" in run.summary
    assert MAY_EXIST in rules(run)[0]
    assert "could not be evaluated" in rules(run)[1]
    assert len(sandbox.created) == 1


@pytest.mark.parametrize("change", [{"email": None}, {}], ids=["which breaks the contract", "which the API refuses"])
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_replay_of_an_unknown_one_stays_unknown(
    run_target: TargetRunner, sandbox: Sandbox, change: dict[str, Any], policy: str
) -> None:
    """A dead letter with an unknown outcome that fails again when replayed warns of that again."""
    sandbox.script(lost())
    (letter,) = run_target([SCHEMA, record(1)], on_unknown_outcome="reject").rejects
    run_target.rejects_path.unlink()
    sandbox.script(refused())
    fed = {**letter, "record": {**letter["record"], **change}}
    run = run_target([fed], on_unknown_outcome=policy)
    assert "0 rejected, 1 of unknown outcome" in run.summary
    assert MAY_EXIST in rules(run)[0]
    assert len(rules(run)) == 2


@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_refused_replay_that_cannot_be_kept_is_not_sent_by_itself(
    run_target: TargetRunner, sandbox: Sandbox, url: str, policy: str
) -> None:
    """Only a replay sends an unknown one: if the letter of a refused replay cannot be written, that does not change."""
    sandbox.script(lost())
    (letter,) = run_target([SCHEMA, record(1)], on_unknown_outcome="reject").rejects
    before = rows(url)
    run_target.rejects_path.unlink()
    run_target.rejects_path.mkdir()
    sandbox.script(refused())
    run = run_target([letter], on_unknown_outcome=policy)
    assert "dead letters could not be written" in str(run.error)
    assert [row[:4] for row in rows(url)] == [row[:4] for row in before]
    run_target.rejects_path.rmdir()
    assert "1 skipped as unknown before" in run_target([SCHEMA, record(1)], on_unknown_outcome=policy).summary
    assert len(sandbox.created) == 1


@pytest.mark.usefixtures("lead_of_a_lost_answer")
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_letter_that_cannot_be_kept_leaves_it_unknown(
    run_target: TargetRunner, sandbox: Sandbox, url: str, policy: str
) -> None:
    """A letter with an unknown outcome that cannot be written is tried again by the next run, and no lead is sent."""
    run_target.rejects_path.mkdir()
    sandbox.script(refused())
    run = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome=policy)
    assert "dead letters could not be written" in str(run.error)
    assert run.states == []
    assert rows(url, "status") == [("sending",)]
    run_target.rejects_path.rmdir()
    again = run_target([SCHEMA, record(1, email=None), state(1)], on_unknown_outcome=policy)
    assert again.states == [1]
    assert MAY_EXIST in rules(again)[0]
    assert len(sandbox.created) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_lost_answers_before_a_refusal_are_counted(
    run_target: TargetRunner, sandbox: Sandbox, url: str, times: int
) -> None:
    """`resends` counts what was sent while an outcome was unknown, whatever the end; the log's last lines agree."""
    sandbox.script(lost(times), refused())
    run = run_target([SCHEMA, record(1), state(1)])
    assert "1 of unknown outcome" in run.summary
    assert len(sandbox.created) == times
    assert rows(url, "status, resends") == [("unknown", times)]
    assert resends_told(run) == 1


@pytest.mark.parametrize("place", ["file", "folder"])
def test_replay_whose_answer_is_lost_too_is_reported(
    run_target: TargetRunner, sandbox: Sandbox, url: str, place: str
) -> None:
    """With `reject` only a replay sends twice: log and ledger report it, even if no letter can be kept."""
    sandbox.script(lost(2))
    (letter,) = run_target([SCHEMA, record(1)], on_unknown_outcome="reject").rejects
    run_target.rejects_path.unlink()
    if place == "folder":
        run_target.rejects_path.mkdir()
    run = run_target([letter], on_unknown_outcome="reject")
    assert len(sandbox.created) == 2
    status = "unknown" if place == "file" else "sending"
    assert rows(url, "status, resends") == [(status, 1)]
    assert resends_told(run) == 1


def test_unreadable_answer_after_a_lost_one_is_counted(run_target: TargetRunner, url: str) -> None:
    """A lead whose answer cannot be read may exist too: what was sent before it counts as sent again."""
    number = itertools.count()

    def answer(server: RawServer, connection: socket.socket) -> None:
        if next(number):  # the first connection is closed without an answer
            server.send(connection, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}")

    with raw_server(answer) as server:
        run = run_target([SCHEMA, record(1), state(1)], api_url=server.url)
    assert "cannot be read" in str(run.error)
    assert rows(url, "status, resends") == [("sending", 1)]


def test_refusal_without_a_lost_answer_does_not_warn(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A record that was refused without any lost answer is a plain reject, and its letter does not warn."""
    sandbox.script(refused())
    run = run_target([SCHEMA, record(1), record(2), state(1)], max_concurrent_requests=1)
    assert "1 created, 0 skipped as delivered before, 1 rejected, 0 of unknown outcome" in run.summary
    assert MAY_EXIST not in json.dumps(run.rejects)
    run_target.rejects_path.unlink()
    assert run_target(run.rejects).summary.startswith("1 created")
