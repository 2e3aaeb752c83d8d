"""What was answered while the database was away is written down once it is back, or counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Decision, Status
from tests.ledger_tools import RETRY, claim, execute, rows, settlement
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from target_seeker_leads.target import TargetSeekerLeads
    from tests.integration.conftest import TargetRunner

END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'target-seeker-leads'"


def test_answers_that_came_meanwhile_are_written_at_the_end(empty_postgres: str) -> None:
    """After a lost session the ledger is opened anew at the end, and what is known by then is settled."""
    ledger = Ledger.open(empty_postgres, RETRY)
    for key in ("delivered", "rejected", "given up", "forgotten"):
        assert ledger.claim(claim(key)) is Decision.SEND
    execute(empty_postgres, END_SESSIONS)
    for key, status in [("delivered", Status.DELIVERED), ("rejected", Status.REJECTED), ("given up", Status.FAILED)]:
        with pytest.raises(FatalError):
            ledger.settle(settlement(key, status))
    ledger.close()
    assert ledger.unrecorded_deliveries == 0
    assert sorted(rows(empty_postgres, "key, status")) == [
        ("delivered", "delivered"),
        ("forgotten", "sending"),
        ("given up", "failed"),
        ("rejected", "rejected"),
    ]


def test_word_of_another_run_stands_but_for_deliveries(empty_postgres: str) -> None:
    """What another run has judged meanwhile is overwritten by a delivery only."""
    ledger = Ledger.open(empty_postgres, RETRY)
    for key in ("a", "b"):
        ledger.claim(claim(key))
    execute(empty_postgres, END_SESSIONS)
    for key, status in [("a", Status.DELIVERED), ("b", Status.REJECTED)]:
        with pytest.raises(FatalError):
            ledger.settle(settlement(key, status))
    with Ledger.open(empty_postgres, RETRY) as other:
        for key in ("a", "b"):
            assert other.claim(claim(key)) is Decision.SEND_AGAIN
            other.settle(settlement(key, Status.UNKNOWN))
    ledger.close()
    assert rows(empty_postgres, "key, status") == [("a", "delivered"), ("b", "unknown")]


def test_deliveries_that_cannot_be_written_are_counted(empty_postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database stays away, after a few tries, the number of leads that it does not know is told."""
    slept: list[float] = []
    ledger = Ledger.open(empty_postgres, RETRY, sleep=slept.append)
    for key in ("a", "b", "c"):
        ledger.claim(claim(key))
    execute(empty_postgres, END_SESSIONS)
    for key, status in [("a", Status.DELIVERED), ("b", Status.DELIVERED), ("c", None)]:
        with pytest.raises(FatalError) as caught:
            ledger.settle(settlement(key, status))
        assert "twice" not in str(caught.value), "nobody can promise that"

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "away")

    monkeypatch.setattr("target_seeker_leads.ledger.ledger.Session.open", fail)
    ledger.close()
    assert ledger.unrecorded_deliveries == 2
    assert slept == [0.0, 1.0, 4.0]


@pytest.mark.parametrize("is_back", [True, False])
def test_run_that_loses_its_database_says_what_it_knows(
    run_target: TargetRunner, empty_postgres: str, monkeypatch: pytest.MonkeyPatch, *, is_back: bool
) -> None:
    """The run ends with an error; what was delivered is settled, or the last lines say how many leads are not known."""

    def lose_the_database(target: TargetSeekerLeads) -> None:
        pipeline = target.pipeline
        create = pipeline._client.post

        def post(*arguments: object, **more: object) -> object:
            answer = create(*arguments, **more)  # type: ignore[arg-type]  # handed on as they come
            execute(empty_postgres, END_SESSIONS)
            if not is_back:
                monkeypatch.setattr("target_seeker_leads.ledger.ledger.Session.open", away)
            return answer

        monkeypatch.setattr(pipeline._client, "post", post)

    def away(*_: object, **__: object) -> None:
        raise OSError(5, "away")

    messages = [SCHEMA, record(1), state(1)]
    run = run_target(messages, before=lose_the_database, ledger_url=empty_postgres)
    assert "could not be written" in str(run.error)
    assert run.states == []
    told = [line for line in run.log if "could not be written to the ledger" in line]
    assert len(told) == (0 if is_back else 1)
    assert is_back or told[0].startswith("1 leads were delivered")
    monkeypatch.undo()
    assert rows(empty_postgres, "status") == [("delivered",)] if is_back else [("sending",)]


@pytest.mark.parametrize("runs", [1, 2])
def test_new_ledger_says_so(run_target: TargetRunner, url: str, runs: int) -> None:
    """A run that begins a ledger says so, since a container may have forgotten its disk; the next one is silent."""
    for _ in range(runs):
        run = run_target([SCHEMA, record(1)], ledger_url=url)
    assert len([line for line in run.log if line.startswith("The ledger") and "is new" in line]) == (runs == 1)
    rehearsed = run_target([SCHEMA, record(1)], ledger_url=url, dry_run=True)
    assert not [line for line in rehearsed.log if "is new" in line]
