"""How the target handles values that the contract accepts and nobody can mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner

IMPOSSIBLE = [
    {"mobile": "20/11/2026"},
    {"mobile": "0000000000"},
    {"mobile": "0612345678/0698765432"},
    {"mobile": "6,12346E+08"},
    {"email": "jane\u200b@example.com"},
    {"email": "mailto:jane@example.com"},
    {"email": "jane@example.com; joe@example.com"},
    {"last_name": "nan"},
    {"last_name": "\u200b"},
    {"created_at": "1899-12-30T00:00:00Z"},
    {"created_at": "0001-01-01T00:00:00Z"},
]


def test_impossible_values_are_never_sent(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Each becomes a dead letter with one reason, which names the field."""
    rows = [record(number, **change) for number, change in enumerate(IMPOSSIBLE)]
    run = run_target([SCHEMA, *rows, record(99)])
    assert [lead["lastName"] for lead in sandbox.created] == ["Dupont99"]
    assert sorted(letter["record"]["id"] for letter in run.rejects) == list(range(len(IMPOSSIBLE)))
    assert all(len(letter["reasons"]) == 1 for letter in run.rejects)


def test_unlikely_values_are_sent_and_named_at_the_end(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A warning counts the records of one kind, names field and cure, and is not repeated for leads sent before."""
    rows = [record(1, mobile="612345678"), record(2, mobile="698765432"), record(3)]
    run = run_target([SCHEMA, *rows])
    assert len(sandbox.created) == 3
    (line,) = [line for line in run.log if "Warning" in line]
    assert "Warning 2 x `phoneNumbers[].number` begins with neither 0 nor +. If a spreadsheet" in line
    assert not any("Warning" in line for line in run_target([SCHEMA, *rows]).log)


def test_phones_of_spreadsheets_and_web_pages_arrive(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A French phone that lost its 0 or has no-break spaces reaches the agent as it is dialled."""
    phones = ["612345678.0", 612345678.0, "6.12345678E8", "06\u00a012\u202f34\u200956\u00a078"]
    run_target([SCHEMA, *(record(number, mobile=phone) for number, phone in enumerate(phones))])
    sent = sorted(lead["phoneNumbers"][0]["number"] for lead in sandbox.created)
    assert sent == ["06 12 34 56 78", *["0612345678"] * 3]
