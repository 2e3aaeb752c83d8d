"""Singer input that is unusual but allowed, and some that is not: no record is lost, and none is invented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import Fault, FaultKind
from tests.posted_leads import created_names
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner

OTHER = {**SCHEMA, "stream": "other"}


def of_other(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "stream": "other"}


def test_input_without_any_state(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """The leads of a tap without STATE are delivered, and no STATE is invented for it."""
    run = run_target([SCHEMA, *map(record, range(20))])
    assert run.error is None
    assert run.states == []
    assert len(sandbox.created) == 20


@pytest.mark.parametrize("content", [b"", b"\n", b" \r\n\n", json.dumps(SCHEMA).encode()])
def test_input_without_a_record(run_target: TargetRunner, sandbox: Sandbox, content: bytes) -> None:
    """A source with nothing new is not an error: no request is sent, and no STATE is invented."""
    run = run_target(content)
    assert run.error is None
    assert run.states == []
    assert run.summary.startswith("0 created")
    assert sandbox.statistics.requests == 0


def test_input_of_nothing_but_states(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Each STATE before any SCHEMA or record is passed on in order; the last one always."""
    run = run_target([state({"at": number}) for number in range(5)])
    assert run.error is None
    assert run.states == [{"at": number} for number in range(5)]
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("value", [None, {}, [], 0, "", "x", {"a": {"b": [1, None, 0.1]}}, 12345678901234567890])
def test_state_of_any_kind_is_passed_on_unchanged(run_target: TargetRunner, value: object) -> None:
    """A STATE belongs to the tap: any JSON is passed on unchanged."""
    run = run_target([SCHEMA, record(1), state(value)])
    assert run.error is None
    assert run.states == [value]


def test_streams_and_states_interleaved(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A STATE of several streams waits for the records of all: a failed one holds it back, a reject does not."""
    messages = [
        SCHEMA,
        OTHER,
        *(
            message
            for n in range(10)
            for message in (record(n), of_other(record(n + 100)), state({"leads": n, "other": n}))
        ),
        of_other(record(200, message=None)),
        state("kept"),
    ]
    sandbox.script(Fault(FaultKind.STATUS, path="/leads", status=401, after=11))
    failed = run_target(messages, max_concurrent_requests=1)
    assert "answered 401" in str(failed.error)
    assert failed.states[-1] == {"leads": 4, "other": 4}
    assert len(sandbox.created) == 11, "of the sixth pair, `leads` is delivered, and `other` failed"
    sandbox.script()
    run = run_target(messages)
    assert run.error is None
    assert run.states[-1] == "kept"
    assert len(sandbox.created) == 20
    assert [letter["stream"] for letter in run.rejects] == ["other"]
    assert run_target(messages).summary.startswith("0 created, 20 skipped")


def test_schema_that_changes_its_keys_in_mid_stream(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """After a new SCHEMA, its keys identify records; earlier records are still recognised by the old keys."""
    changed = {**SCHEMA, "schema": {"properties": {"ref": {"type": "string"}}}, "key_properties": ["ref"]}
    messages = [
        SCHEMA,
        record(1, ref="a"),
        record(1, ref="b"),  # the same id
        changed,
        record(1, ref="c"),
        record(2, ref="c"),  # the same ref
        record(2, ref="d"),
        state(1),
    ]
    run = run_target(messages)
    assert run.error is None
    assert run.states == [1]
    assert len(sandbox.created) == 3
    assert run_target(messages).summary.startswith("0 created, 5 skipped")
    assert len(sandbox.created) == 3


def test_same_schema_again_and_again(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A SCHEMA that is repeated before every record changes nothing."""
    run = run_target([each for n in range(20) for each in (SCHEMA, record(n), SCHEMA)] + [state(1)])
    assert run.error is None
    assert run.states == [1]
    assert len(sandbox.created) == 20
    assert run.summary.startswith("20 created")


@pytest.mark.parametrize("kind", ["other stream", "no schema at all"])
def test_record_before_its_schema_ends_the_run(run_target: TargetRunner, sandbox: Sandbox, kind: str) -> None:
    """A record before its SCHEMA is an error with its line; records before it are settled, and none after it starts."""
    messages = [SCHEMA, record(1), state(1), of_other(record(2)), state(2), OTHER, of_other(record(2))]
    if kind == "no schema at all":
        messages = [record(1), SCHEMA, record(1), state(2)]
    run = run_target(messages)
    line = 4 if kind == "other stream" else 1
    assert f"Line {line} of the input is a RECORD of a stream that had no SCHEMA yet" in str(run.error)
    assert run.states == ([1] if kind == "other stream" else [])
    assert created_names(sandbox) == (["Dupont1"] if kind == "other stream" else [])


def test_keys_that_are_not_known_do_not_matter(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Other keys of a message (`version`, `time_extracted`, a vendor's own) are ignored, whatever they contain."""
    extra = {"version": 1_700_000_000_000, "time_extracted": "not a date", "trace": {"x": [1]}, "action": None}
    schema = {**SCHEMA, "bookmark_properties": ["x"], "stream_alias": 5, "trace": {}}
    run = run_target([schema, {**record(1), **extra}, {**state(1), "stream": "leads", "trace": 1}])
    assert run.error is None
    assert run.states == [1]
    assert created_names(sandbox) == ["Dupont1"]
    extra["time_extracted"] = "2026-11-23T08:00:00Z"
    assert run_target([schema, {**record(1), **extra}]).summary.startswith("0 created, 1 skipped")


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\n\n", b" \t\n", b"\r\n\r\n"])
@pytest.mark.parametrize("has_last_end", [True, False])
def test_line_ends_do_not_matter(run_target: TargetRunner, sandbox: Sandbox, end: bytes, *, has_last_end: bool) -> None:
    """Line ends of Windows, blank lines and a last line without an end make no difference."""
    lines = [json.dumps(message).encode() for message in (SCHEMA, record(1), record(2), state(1))]
    run = run_target(end.join(lines) + end * has_last_end)
    assert run.error is None
    assert run.states == [1]
    assert created_names(sandbox) == ["Dupont1", "Dupont2"]


def test_line_that_is_cut_off_is_not_a_record(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A tap that was killed within a line leaves half a message: an error with its line, never half a lead."""
    content = b"\n".join(json.dumps(message).encode() for message in (SCHEMA, record(1), state(1), record(2)))
    run = run_target(content[:-20])
    assert "Line 4 of the input is not JSON" in str(run.error)
    assert run.states == [1]
    assert created_names(sandbox) == ["Dupont1"]


@pytest.mark.parametrize("value", [[1], {"a": 1}, [[]], 1.5, True, "x" * 100_000, "\0", -(2**70)])
def test_key_of_any_type_tells_records_apart(run_target: TargetRunner, sandbox: Sandbox, value: object) -> None:
    """A key need not be a number or a short text: the same value is the same lead, in this run and the next."""
    rows = [record(1), record(2)]
    rows[0]["record"]["id"] = value
    for _ in range(2):
        run = run_target([SCHEMA, *rows, state(1)])
        assert run.error is None
        assert run.states == [1]
    assert created_names(sandbox) == ["Dupont1", "Dupont2"]


def test_record_metadata_is_ignored(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`add_record_metadata` is for loaders of tables: with any `time_extracted`, the lead is the same."""
    first = {**record(1), "time_extracted": "2026-11-23T08:00:00Z"}
    run_target([{**SCHEMA, "key_properties": []}, first], add_record_metadata=True)
    run = run_target(
        [{**SCHEMA, "key_properties": []}, {**first, "time_extracted": "just now"}, record(2), state(1)],
        add_record_metadata=True,
    )
    assert (run.error, run.states, run.rejects) == (None, [1], [])
    assert created_names(sandbox) == ["Dupont1", "Dupont2"]
