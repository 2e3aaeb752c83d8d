"""Answers that arrive while the database is away are written once it is back, or counted."""

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
    from tests.target_runs import TargetRunner

END_SESSIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'target-seeker-leads'"


def test_answers_received_without_a_ledger_are_written_at_the_end(empty_postgres: str) -> None:
    """After a lost session the ledger is reopened at the end, and what is known by then is settled."""
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


def test_only_deliveries_overwrite_another_run(empty_postgres: str) -> None:
    """Only a delivery overwrites what another run has written meanwhile."""
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
    """If the database stays away, after a few tries, the number of leads that it does not know is reported."""
    slept: list[float] = []
    ledger = Ledger.open(empty_postgres, RETRY, sleep=slept.append)
    for key in ("a", "b", "c"):
        ledger.claim(claim(key))
    execute(empty_postgres, END_SESSIONS)
    for key, status in [("a", Status.DELIVERED), ("b", Status.DELIVERED), ("c", None)]:
        with pytest.raises(FatalError) as caught:
            ledger.settle(settlement(key, status))
        assert "twice" not in str(caught.value), "that cannot be promised"

    def fail(*_: object, **__: object) -> None:
        raise OSError(5, "away")

    monkeypatch.setattr("target_seeker_leads.ledger.ledger.Session.open", fail)
    ledger.close()
    assert ledger.unrecorded_deliveries == 2
    assert slept == [0.0, 1.0, 4.0]


@pytest.mark.parametrize("is_back", [True, False])
def test_run_that_loses_its_database_reports_deliveries(
    run_target: TargetRunner, empty_postgres: str, monkeypatch: pytest.MonkeyPatch, *, is_back: bool
) -> None:
    """The run ends with an error; deliveries are settled, or the last lines say how many could not be written."""

    def lose_the_database(target: TargetSeekerLeads) -> None:
        pipeline = target.pipeline
        create = pipeline._clients[0].post

        def post(*arguments: object, **more: object) -> object:
            answer = create(*arguments, **more)  # type: ignore[arg-type]  # passed on unchanged
            execute(empty_postgres, END_SESSIONS)
            if not is_back:
                monkeypatch.setattr("target_seeker_leads.ledger.ledger.Session.open", away)
            return answer

        monkeypatch.setattr(pipeline._clients[0], "post", post)

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
    """A run that creates a ledger says so, because a container may have lost its disk; the next run does not."""
    for _ in range(runs):
        run = run_target([SCHEMA, record(1)], ledger_url=url)
    assert len([line for line in run.log if line.startswith("The ledger") and "is new" in line]) == (runs == 1)
    dry = run_target([SCHEMA, record(1)], ledger_url=url, dry_run=True)
    assert not [line for line in dry.log if "is new" in line]
