"""One record that the API, or a proxy in between, refuses every time never stops the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox.faults.faults import FaultKind
from tests.client_credentials import as_client
from tests.ledger_tools import rows
from tests.posted_leads import created_names, names, on_post
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Fault, Sandbox
    from tests.target_runs import Sent, TargetRunner

#: Each answer with how often one record gets it within a run.
ANSWERS: dict[str, dict[str, Any]] = {
    "firewall 403": {"status": 403, "body": "<html>", "content_type": "text/html", "times": 1},
    "firewall 405": {"status": 405, "body": "no", "content_type": "text/plain", "times": 1},
    "firewall 406": {"status": 406, "body": "<html>", "content_type": "text/html", "times": 1},
    "firewall's page with 400": {"status": 400, "body": "<html>", "content_type": "text/html", "times": 1},
    "firewall's page with 200": {"status": 200, "body": "<html>", "content_type": "text/html", "times": 1},
    "firewall's redirect": {"status": 302, "body": "", "content_type": "text/html", "times": 1},
    "the API's own 500": {"status": 500, "times": 3},
}


def poison(name: str, **more: Any) -> Fault:
    return on_post(FaultKind.STATUS, **{**ANSWERS[name], **more})


@pytest.fixture
def run_target(run_target: TargetRunner, url: str) -> TargetRunner:
    """One record after the other, for each kind of ledger."""
    run_target.config |= {"ledger_url": url, "max_concurrent_requests": 1, "max_retries": 2}
    return run_target


def statuses(url: str) -> list[str]:
    return sorted(status for (status,) in rows(url, "status"))


def assert_kept(run: Sent, number: int) -> None:
    (letter,) = run.rejects
    assert letter["record"]["id"] == number
    assert "refused while other leads were accepted" in letter["reasons"][0]["rule"]
    assert "POST /leads answered" in letter["reasons"][1]["rule"]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("after", [0, 1, 2], ids=["first of a run", "others before and after", "last of a run"])
def test_poison_record_is_kept_while_others_are_accepted(
    run_target: TargetRunner, sandbox: Sandbox, url: str, answer: str, after: int
) -> None:
    """A record that is refused while others are accepted, before or after it, is a dead letter: the run succeeds."""
    sandbox.script(poison(answer, after=after))
    run = run_target([SCHEMA, *(record(number) for number in range(3)), state(1)])
    assert run.error is None
    assert run.states == [1]
    assert "2 created" in run.summary
    assert "1 refused while others were accepted" in run.summary
    assert_kept(run, after)
    assert statuses(url) == ["delivered", "delivered", "refused"]


@pytest.mark.parametrize("answer", ANSWERS)
def test_known_poison_record_is_tried_once_by_each_run(
    run_target: TargetRunner, sandbox: Sandbox, url: str, answer: str
) -> None:
    """Each run that receives it again tries it once, without retries; its letter is not written twice."""
    messages = [SCHEMA, *(record(number) for number in range(2)), state(1)]
    sandbox.script(poison(answer))
    run_target(messages)
    for _ in range(2):
        sandbox.script(poison(answer, times=1))
        before = sandbox.statistics.requests
        again = run_target(messages)
        assert again.error is None
        assert again.states == [1]
        assert "1 refused again as before" in again.summary
        assert len(again.rejects) == 1
        assert sandbox.statistics.requests == before + 1
    dry = run_target(messages, dry_run=True)
    assert "1 refused again as before" in dry.summary
    sandbox.script()
    assert run_target(messages).summary.startswith("1 created")
    assert statuses(url) == ["delivered", "delivered"]


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("after", [0, 2])
def test_refusal_of_everything_stops_the_run_and_keeps_nothing(
    run_target: TargetRunner, sandbox: Sandbox, url: str, answer: str, after: int
) -> None:
    """Five in a row with nothing accepted point to account or URL: no letter, no STATE, and later all arrive."""
    messages = [SCHEMA, *(record(number) for number in range(10)), state(1)]
    sandbox.script(poison(answer, after=after, times=None))
    run = run_target(messages)
    assert "POST /leads answered" in str(run.error)
    assert "5 records in a row" in str(run.error)
    assert run.states == []
    assert run.rejects == []
    assert statuses(url) == ["delivered"] * after + ["failed"] * 5
    sandbox.script()
    assert run_target(messages).states == [1]
    assert created_names(sandbox) == names(*range(10))


def test_outage_over_three_runs_keeps_nothing(run_target: TargetRunner, sandbox: Sandbox, url: str) -> None:
    """A single record that is refused in three runs is left until another one is accepted: then it is at fault."""
    for _ in range(3):
        sandbox.script(poison("firewall 403"))
        run = run_target([SCHEMA, record(1), state(1)])
        assert "answered 403" in str(run.error)
        assert run.states == []
        assert run.rejects == []
    assert statuses(url) == ["failed"]
    run_target([SCHEMA, record(2)])
    sandbox.script(poison("firewall 403"))
    run = run_target([SCHEMA, record(1), state(1)])
    assert run.error is None, "another run's lead was accepted since the first try"
    assert run.states == [1]
    assert_kept(run, 1)


def test_lead_of_another_account_does_not_count_as_accepted(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Leads that another account's runs delivered through the same ledger say nothing about this account."""
    sandbox.script(poison("firewall 403"))
    run_target([SCHEMA, record(1)])
    assert run_target([SCHEMA, record(2)], **as_client(sandbox)).summary.startswith("1 created")
    sandbox.script(poison("firewall 403"))
    run = run_target([SCHEMA, record(1), state(1)])
    assert "answered 403" in str(run.error)
    assert run.rejects == []


def test_known_poison_records_are_no_outage(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Records that are known as refused do not stop a run, however many are refused again."""
    messages = [SCHEMA, *(message for n in range(7) for message in (record(n), record(100 + n))), state(1)]
    sandbox.script(*(poison("firewall 403", after=1 + n) for n in range(7)))
    assert run_target(messages).summary.startswith("7 created")
    sandbox.script(poison("firewall 403", times=None))
    again = run_target(messages)
    assert again.error is None
    assert again.states == [1]
    assert "7 refused again as before" in again.summary


def test_poison_record_that_changes_or_is_fed_again_is_new(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Other content, or a replay of its letter, makes it a new try, with retries and a new letter."""
    sandbox.script(poison("firewall 403"))
    (letter,) = run_target([SCHEMA, record(1), record(2)]).rejects
    sandbox.script(poison("the API's own 500"))
    run = run_target([SCHEMA, record(1, message="something else"), record(3)])
    assert "1 refused while others were accepted" in run.summary
    assert len(run.rejects) == 2
    run_target.rejects_path.unlink()
    sandbox.script(on_post(FaultKind.STATUS, status=503, times=1))
    assert run_target([letter]).summary.startswith("1 created")


def test_poison_record_whose_earlier_answer_was_lost_is_unknown(
    run_target: TargetRunner, sandbox: Sandbox, url: str
) -> None:
    """A refusal after a lost answer does not mean that the lead does not exist: its letter warns of that."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER, times=1), poison("firewall 403"))
    run = run_target([SCHEMA, record(1), record(2), state(1)])
    assert run.error is None
    assert "1 of unknown outcome" in run.summary
    assert "may or may not exist" in run.rejects[0]["reasons"][0]["rule"]
    assert statuses(url) == ["delivered", "unknown"]


def test_refused_records_count_as_rejects(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`max_rejects` also limits refused records."""
    sandbox.script(poison("firewall 403"))
    run = run_target([SCHEMA, *(record(number) for number in range(9)), state(1)], max_rejects=1)
    assert "`max_rejects`" in str(run.error)


def test_account_that_closes_among_concurrent_leads_keeps_nothing(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Leads that were under way when the account was closed do not make the next ones look at fault."""
    sandbox.script(poison("firewall 403", after=20, times=None))
    run = run_target([SCHEMA, *(record(number) for number in range(60)), state(1)], max_concurrent_requests=10)
    assert "answered 403" in str(run.error)
    assert run.rejects == []
    assert len(sandbox.created) == 20
