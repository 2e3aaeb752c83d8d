from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import SandboxOptions
from seeker_leads_sandbox.faults.faults import FaultKind
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Claim, Decision, Settlement, Status, UnknownOutcome
from tests.client_credentials import as_client
from tests.posted_leads import created_names, names, on_post
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from target_seeker_leads.target import TargetSeekerLeads
    from tests.target_runs import TargetRunner


def test_what_was_sent_is_not_sent_again(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """300 records sent three times create 300 leads; the ledger holds the API's id of each request."""
    messages = [SCHEMA, *(record(number) for number in range(300)), state({"at": 1})]
    runs = [run_target(messages) for _ in range(3)]
    assert created_names(sandbox) == names(*range(300))
    assert runs[0].summary.startswith("300 created, 0 skipped as delivered before, 0 rejected")
    assert runs[2].summary.startswith("0 created, 300 skipped as delivered before")
    assert [run.states for run in runs] == [[{"at": 1}]] * 3
    with sqlite3.connect(run_target.ledger_path) as ledger:
        rows = ledger.execute("SELECT status, count(request_id) FROM seeker_leads_ledger GROUP BY status").fetchall()
    ledger.close()
    assert rows == [("delivered", 300)]


def test_lead_arrives_as_the_source_says(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """The API gets the content of the record, in the API's form."""
    run_target(
        [SCHEMA, record(1, last_name="Élodie-Ñandú 🏠", gender="female", language="fr_FR", phone="01 42 68 53 00")]
    )
    (lead,) = sandbox.created
    assert lead["lastName"] == "Élodie-Ñandú 🏠"
    assert lead["gender"] == "FEMALE"
    assert lead["language"] == "FR"
    assert [phone["number"] for phone in lead["phoneNumbers"]] == [
        "01 42 68 53 00",
        "+33 6 12 34 00 01",
    ]
    assert lead["classifiedId"] == "26ABCDEFGHJK"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_fault_is_retried_and_creates_one_lead(run_target: TargetRunner, sandbox: Sandbox, status: int) -> None:
    """A request that was answered with an error created nothing: it is sent again, in this run."""
    sandbox.script(on_post(FaultKind.STATUS, status=status, times=3))
    run = run_target([SCHEMA, record(1)], max_concurrent_requests=1)
    assert run.error is None
    assert created_names(sandbox) == names(1)
    assert sum(wait >= 0.25 for wait in run.slept) >= 3  # the first of the growing waits


def test_target_waits_for_retry_after(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`Retry-After` is honoured, in seconds or as a date."""
    sandbox.script(on_post(FaultKind.STATUS, status=503, retry_after=7, times=1))
    assert run_target([SCHEMA, record(1)]).slept == [7.0]


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.RESET])
def test_lost_answer_is_sent_again_by_default(run_target: TargetRunner, sandbox: Sandbox, kind: FaultKind) -> None:
    """`retry`: a POST without an answer is repeated, so the lead may exist twice; log and ledger report that."""
    sandbox.script(on_post(kind, times=1))
    run = run_target([SCHEMA, record(1), state(1)])
    assert created_names(sandbox) == names(*[1] * (2 if kind is FaultKind.LOST_ANSWER else 1))
    assert run.states == [1]
    assert any("1 leads were sent again" in line for line in run.log)
    with sqlite3.connect(run_target.ledger_path) as ledger:
        assert ledger.execute("SELECT status, resends FROM seeker_leads_ledger").fetchall() == [("delivered", 1)]
    ledger.close()


def test_lost_answer_is_not_resent_blindly(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`reject`: a POST without an answer is kept as a dead letter, and sent again only if the user replays that."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER, times=1))
    first = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome="reject")
    assert created_names(sandbox) == names(1)
    assert first.states == [1]
    assert first.error is None
    (letter,) = first.rejects
    assert "may or may not exist" in letter["reasons"][0]["rule"]
    again = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome="reject")
    assert again.summary.startswith("0 created")
    assert "1 skipped as unknown before" in again.summary
    run_target.rejects_path.unlink()
    run_target([letter], on_unknown_outcome="reject")
    assert created_names(sandbox) == names(1, 1)


def test_refusal_after_a_lost_answer_stays_unknown(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A 400 to the second try does not tell the result of the first one: the lead is kept with an unknown outcome."""
    sandbox.script(
        on_post(FaultKind.LOST_ANSWER, times=1),
        on_post(FaultKind.STATUS, status=400, body='{"title": "Bad", "status": 400}', times=1),
    )
    run = run_target([SCHEMA, record(1), state(1)])
    assert "1 of unknown outcome" in run.summary
    assert run.rejects[0]["reasons"][1]["rule"] == "the API says: Bad"
    again = run_target([SCHEMA, record(1, message="something else")])
    assert again.summary.startswith("0 created")
    assert created_names(sandbox) == names(1)


def test_reject_that_cannot_be_kept_is_not_unknown(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """If the file of rejects cannot be written, the run stops; a lead that the API rejected has no unknown outcome."""
    sandbox.script(on_post(FaultKind.STATUS, status=400, body='{"title": "Bad", "status": 400}', times=1))
    run_target.rejects_path.mkdir()
    run = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome="reject")
    assert "dead letters could not be written" in str(run.error)
    assert run.states == []
    run_target.rejects_path.rmdir()
    assert run_target([SCHEMA, record(1), state(1)], on_unknown_outcome="reject").summary.startswith("1 created")


def test_messages_of_the_api_are_not_logged(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """The API's message about a request may be about the person: the log has only status and trace."""
    problem = (
        '{"type": "x", "title": "Jane Dupont1", "status": 500, "detail": "lead of Jane Dupont1: Bonjour, je voudrais"}'
    )
    sandbox.script(on_post(FaultKind.STATUS, status=500, body=problem))
    run = run_target([SCHEMA, record(1)], max_retries=1)
    text = "\n".join([*run.log, str(run.error)])
    assert "POST /leads answered 500" in text
    for private in ("Jane", "Dupont", "Bonjour"):
        assert private not in text


def test_refused_lead_is_kept_with_the_words_of_the_api(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A 400 goes to the dead letters with the API's own reasons, which stay out of the log; the others arrive."""
    problem = (
        '{"type": "about:blank", "title": "Bad Request", "status": 400, "errors":'
        ' [{"name": "email", "reason": "jane.dupont1@example.com is blocked"}]}'
    )
    sandbox.script(on_post(FaultKind.STATUS, status=400, body=problem, times=1))
    run = run_target([SCHEMA, record(1), record(2), state(1)], max_concurrent_requests=1)
    assert created_names(sandbox) == names(2)
    (letter,) = run.rejects
    assert letter["record"]["last_name"] == "Dupont1"
    assert letter["reasons"][0]["field"] == "email"
    assert letter["reasons"][0]["rule"] == "the API says: jane.dupont1@example.com is blocked"
    assert "Rejected 1 x the API refused it" in run.log
    assert run.states == [1]
    assert "jane" not in "\n".join(run.log)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refused_account_stops_the_run_and_loses_nothing(
    run_target: TargetRunner, sandbox: Sandbox, status: int
) -> None:
    """An account or URL that the API refuses ends the run; no record counts as sent, and the next run delivers all."""
    sandbox.script(on_post(FaultKind.STATUS, status=status, body="no", after=5, content_type="text/plain"))
    messages = [SCHEMA, *(record(number) for number in range(40)), state(1)]
    run = run_target(messages)
    assert run.error is not None
    assert run.states == []
    assert run.rejects == []
    before = len(sandbox.created)
    assert before == 5
    sandbox.script()
    assert run_target(messages).states == [1]
    assert created_names(sandbox) == names(*range(40))


def test_token_revoked_among_posts_is_renewed_once(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A token that the API revokes during a run costs one new token; every lead is created once."""
    sandbox.script(on_post(FaultKind.REVOKE_TOKEN, times=1, after=20))
    run = run_target([SCHEMA, *(record(number) for number in range(60)), state(1)], **as_client(sandbox))
    assert run.error is None
    assert run.states == [1]
    assert created_names(sandbox) == names(*range(60))
    assert len(sandbox.issued_tokens) == 2


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(enforce_limit=False, error_rate=0.2)], indirect=True)
def test_every_lead_arrives_once_among_faults(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Known errors on a fifth of all requests neither lose nor duplicate a lead."""
    run = run_target([SCHEMA, *(record(number) for number in range(200)), state(1)])
    assert run.error is None
    assert created_names(sandbox) == names(*range(200))


def test_given_up_record_is_not_lost(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """If the tries are used up, the run ends, the STATE is not passed on, and the next run sends the record once."""
    sandbox.script(on_post(FaultKind.STATUS, status=503, times=3))
    run = run_target([SCHEMA, record(1), state(1)], max_retries=2)
    assert "gave up after 3 tries" in str(run.error)
    assert run.states == []
    again = run_target([SCHEMA, record(1), state(1)])
    assert again.summary.startswith("1 created")
    assert not any("sent again" in line for line in again.log)
    assert created_names(sandbox) == names(1)


def test_given_up_record_of_unknown_outcome_stays_unknown(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A lost answer followed by failures is remembered: with `reject` the next run keeps the record, unsent."""
    sandbox.script(on_post(FaultKind.LOST_ANSWER, times=1), on_post(FaultKind.STATUS, status=503))
    run = run_target([SCHEMA, record(1), state(1)], max_retries=2)
    assert run.error is not None
    sandbox.script()
    again = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome="reject")
    assert len(again.rejects) == 1
    assert again.states == [1]
    assert created_names(sandbox) == names(1)


def test_long_wait_for_another_run_is_reported(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waits for a suspended one says so, and skips what that one sent."""
    monkeypatch.setattr("target_seeker_leads.delivery.delivery.REPORTED_WAIT_SECONDS", 0.3)
    held: dict[str, bool] = {}

    def is_reported() -> bool:
        return any("continue or end it" in each.getMessage() for each in run_target.caplog.records)

    with Ledger.open(f"sqlite:///{run_target.ledger_path}", UnknownOutcome.RETRY) as other:

        def hold_each_record(target: TargetSeekerLeads) -> None:
            claim = target.pipeline._ledger.claim

            def claim_after_the_other(asked: Claim) -> Decision:
                if asked.key not in held:
                    held[asked.key] = other.claim(asked) is Decision.SEND
                elif held[asked.key] and is_reported():
                    held[asked.key] = False
                    other.settle(Settlement(asked, Status.DELIVERED))
                return claim(asked)

            monkeypatch.setattr(target.pipeline._ledger, "claim", claim_after_the_other)

        run = run_target([SCHEMA, record(1), state(1)], before=hold_each_record)
    assert run.error is None
    assert run.states == [1]
    assert run.summary.startswith("0 created, 1 skipped as delivered before")
    assert len([line for line in run.log if "Another run has been sending a record" in line]) == 1
