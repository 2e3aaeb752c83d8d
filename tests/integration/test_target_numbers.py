"""Numbers that JSON allows and Python cannot hold: none stops a pipeline, and each is written as it was read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner

NUMBERS = ["1e99999999999999999999", "-2e-99999999999999999999", "1e999999999999999999"]
#: Python's `json`, as this test uses it, cannot read these back from the dead letters.
LONG = "1" * 5000


def with_number(message: dict[str, Any], number: str) -> str:
    """The message's line, with the number in place of `#`."""
    return json.dumps(message).replace('"#"', number)


@pytest.mark.parametrize("number", NUMBERS)
def test_vast_number_stops_nothing(run_target: TargetRunner, sandbox: Sandbox, number: str) -> None:
    """In another column it does not matter; in a reject it keeps its digits, and replayed it is the same record."""
    run_target.config["dedupe_by"] = "content"
    bad = record(2, email=None, score="#")
    messages: list[dict[str, Any] | str] = [
        SCHEMA,
        with_number(record(1, score="#"), number),
        with_number(bad, number),
        state(1),
    ]
    for summary in ("1 created, 0 skipped as delivered before, 1 rejected", "0 created, 1 skipped as delivered before"):
        run = run_target(messages)
        assert run.error is None
        assert run.states == [1]
        assert run.summary.startswith(summary)
    line = run_target.rejects_path.read_text("utf-8")
    assert number in line.replace("E+", "e")
    run_target.rejects_path.unlink()
    run_target(line.replace('"last_name"', '"email": "jane@example.com", "last_name"').encode())
    assert len(sandbox.created) == 2


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("field", ["email", "mobile", "created_at", "classified_id"])
def test_vast_number_is_not_a_value(run_target: TargetRunner, sandbox: Sandbox, number: str, field: str) -> None:
    """If a field of the lead cannot be such a number, the record is kept, and the others arrive."""
    run = run_target([SCHEMA, with_number(record(1, **{field: "#"}), number), record(2), state(1)])
    assert run.error is None
    assert run.states == [1]
    assert [letter["record"]["id"] for letter in run.rejects] == [1]
    assert [lead["lastName"] for lead in sandbox.created] == ["Dupont2"]


@pytest.mark.parametrize("number", [*NUMBERS, LONG], ids=lambda number: number[:25])
def test_vast_number_as_a_key(run_target: TargetRunner, sandbox: Sandbox, number: str) -> None:
    """Even as a key it distinguishes records, in this run and the next."""
    rows = [with_number(record(1, id="#"), number), with_number(record(2, id="#"), number.replace("1", "3"))]
    messages: list[dict[str, Any] | str] = [SCHEMA, *rows, record(3), state(1)]
    run = run_target(messages)
    assert run.error is None
    assert "0 created" in run_target(messages).summary
    assert len({lead["lastName"] for lead in sandbox.created}) == len(sandbox.created) == (2 + ("1" in number))


def test_digits_survive_half_an_emoji(run_target: TargetRunner) -> None:
    """A reject whose text was cut inside an emoji keeps the digits of its numbers, as JSON that every parser reads."""
    digits = "0.12345678901234567890123"
    bad = record(1, email=None, message="cut \ud83d", price="#", rate="#rate")
    run = run_target([SCHEMA, with_number(bad, digits).replace('"#rate"', "NaN"), record(2), state(1)])
    assert run.error is None
    line = run_target.rejects_path.read_text("utf-8")
    assert f'"price": {digits}' in line
    assert '"rate": null' in line
    assert "\\ud83d" in line
