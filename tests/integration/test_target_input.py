from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import SettingsError
from tests.posted_leads import created_names
from tests.singer_input import SCHEMA, lead, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner


def test_state_is_passed_on_unchanged(run_target: TargetRunner) -> None:
    """A STATE is passed on unchanged; numbers with a fraction keep every digit."""
    value = {"bookmarks": {"leads": {"at": 1795420800.25, "é": [None, True, "x"]}}}
    run = run_target([SCHEMA, record(1), state(value)])
    assert run.states == [value]


def test_broken_line_ends_the_run_after_what_came_before(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A line that is not a message names its number and shows nothing; what came before is settled and passed on."""
    run = run_target([SCHEMA, record(1), state(1), b'{"type": "RECORD", "jane@example.com', record(2), state(2)])
    assert "Line 4 of the input is not JSON" in str(run.error)
    assert run.states == [1]
    assert created_names(sandbox) == ["Dupont1"]
    assert "jane" not in "\n".join([*run.log, str(run.error)])


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"type": "RECORD", "stream": "other", "record": lead(1)}, "no SCHEMA"),
        ({"type": "RECORD", "stream": "leads", "record": "jane@example.com"}, "`record`"),
        ({"type": "RECORD", "record": lead(1)}, "`stream`"),
        ({"type": "RECORD", "stream": {}, "record": lead(1)}, "`stream`"),
        ({"type": "SCHEMA", "stream": "leads"}, "`schema`"),
        ({"type": "SCHEMA", "stream": "leads", "schema": {}}, "properties"),
        ({"type": "STATE"}, "value"),
        ({"type": "BATCH", "stream": "leads", "encoding": {}, "manifest": ["file:///jane"]}, "batch_config"),
        ({"type": "HELLO"}, "no known type"),
        ({"type": ["RECORD"]}, "no known type"),
        ({"record": "jane@example.com"}, "no known type"),
    ],
)
def test_message_that_cannot_be_taken_is_refused(run_target: TargetRunner, message: dict[str, Any], words: str) -> None:
    """Each kind of unusable message ends the run with its line and the problem, and never loses a record."""
    run = run_target([SCHEMA, message, state(1)])
    assert "Line 2 of the input" in str(run.error)
    assert words in str(run.error)
    assert run.states == []
    assert "jane" not in str(run.error)


def test_several_streams_and_changing_schemas(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Streams may be interleaved, and a SCHEMA may change in between: all streams share one pipeline."""
    other = {**SCHEMA, "stream": "other"}
    changed = {**SCHEMA, "schema": {"properties": {"id": {"type": "integer"}, "more": {"type": "string"}}}}
    run = run_target(
        [
            SCHEMA,
            other,
            record(1),
            {**record(1, last_name="Duchemin"), "stream": "other"},
            changed,
            record(2, more="x"),
            {"type": "ACTIVATE_VERSION", "stream": "leads", "version": 1},
            state(1),
        ]
    )
    assert run.error is None
    assert run.states == [1]
    assert created_names(sandbox) == ["Duchemin", "Dupont1", "Dupont2"]


def test_dates_and_unknown_columns_are_ignored(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A source's own types and columns are ignored: no warning, no error, no change of a value."""
    schema = {
        **SCHEMA,
        "schema": {
            "properties": {"id": {"type": "integer"}, "created_at": {"type": "string", "format": "date-time"}},
            "required": ["nothing"],
        },
    }
    run = run_target([schema, record(1, created_at="9999-99-99"), record(2, probability=0.25), state(1)])
    assert created_names(sandbox) == ["Dupont2"]
    (letter,) = run.rejects
    assert letter["record"]["created_at"] == "9999-99-99"
    assert not any("schema" in line.lower() for line in run.log if "leads" in line and "WARN" in line)


def test_stream_maps_make_leads_of_foreign_columns(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`stream_maps` map what names do not show; a record for which they fail is kept, as it was before them."""
    maps = {"leads": {"__filter__": "kind == 'lead'", "lastName": "contact.split(' ')[-1]", "classifiedId": "listing"}}
    rows = [
        record(1, last_name=None, classified_id=None, contact="Anne Petit", listing="26ABCDEFGHJK", kind="lead"),
        record(2, last_name=None, classified_id=None, contact=None, listing="26ABCDEFGHJK", kind="lead"),
        record(3, kind="other"),
    ]
    rows[1]["record"]["contact"] = None
    run = run_target([SCHEMA, *rows, state(1)], stream_maps=maps)
    assert run.error is None
    assert run.states == [1]
    assert created_names(sandbox) == ["Petit"]
    (letter,) = run.rejects
    assert letter["record"] == rows[1]["record"]
    assert "`stream_maps` could not be evaluated" in letter["reasons"][0]["rule"]
    letter["record"]["contact"] = "Paul Grand"
    run_target.rejects_path.unlink()
    again = run_target([letter], stream_maps=maps)
    assert again.rejects == []
    assert created_names(sandbox) == ["Grand", "Petit"]


def test_wrong_stream_map_names_the_setting(run_target: TargetRunner) -> None:
    """An invalid stream map is an error of the user, and the message says where."""
    run = run_target([SCHEMA, record(1)], stream_maps={"leads": {"id": None, "lastName": "name("}})
    assert "`stream_maps`" in str(run.error)


@pytest.mark.parametrize(
    "line", [b'{"half": "\\ud83d"}', b'{"number": NaN}', b'{"bom": 1}'], ids=["half a surrogate pair", "NaN", "BOM"]
)
def test_lenient_json_does_not_block_a_pipeline(run_target: TargetRunner, sandbox: Sandbox, line: bytes) -> None:
    """What Python's own `json` writes, and what editors write at the start of a file, is read."""
    extra = line.decode()[1:-1]
    message = json.dumps(record(1))[:-2] + ", " + extra + "}}"
    prefix = b"\xef\xbb\xbf" if b"bom" in line else b""
    run = run_target([prefix + json.dumps(SCHEMA).encode(), message.encode(), state(1)])
    assert run.error is None
    assert run.states == [1]
    assert len(sandbox.created) == 1


def test_half_a_surrogate_pair_in_a_lead_is_kept(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A text that the API cannot accept is a dead letter, unchanged; the next run does not keep it again."""
    message = json.dumps(record(1)).replace("Bonjour", "Bonjour \\ud83d")
    run = run_target([SCHEMA, message, record(2), state(1)])
    assert run.states == [1]
    assert "\\ud83d" in json.dumps(run.rejects[0]["record"]["message"])
    assert len(run_target([SCHEMA, message, record(2)]).rejects) == 1
    assert len(sandbox.created) == 1


@pytest.mark.parametrize("value", [5, "id", [1]])
def test_key_properties_that_are_none_are_refused(run_target: TargetRunner, value: object) -> None:
    """A SCHEMA, or a dead letter, with an impossible key is an error with its line."""
    for message in ({**SCHEMA, "key_properties": value}, {**record(1), "reasons": [], "key_properties": value}):
        assert "Line 1 of the input has `key_properties`" in str(run_target([message]).error)


@pytest.mark.parametrize(
    "maps", [{"leads": {"x": ""}}, {"leads": {"x": 5}}, {"__else__": "s"}], ids=["empty", "number", "else"]
)
def test_impossible_stream_maps_are_a_settings_error(run_target: TargetRunner, maps: dict[str, Any]) -> None:
    """However the SDK handles an impossible map, the user reads the setting's name."""
    try:
        error = run_target([SCHEMA, record(1)], stream_maps=maps).error
    except SettingsError as at_start:
        error = at_start
    assert "`stream_maps`" in str(error)


def test_filters_log_no_personal_data(run_target: TargetRunner) -> None:
    """The SDK logs the result of a filter's expression at DEBUG; the target does not."""
    run = run_target([SCHEMA, record(1)], stream_maps={"leads": {"__filter__": "email"}})
    assert "jane" not in "\n".join(run.log)


def test_private_values_of_settings_are_not_shown(run_target: TargetRunner) -> None:
    """The SDK's own settings are also named without their value."""
    with pytest.raises(SettingsError) as caught:
        run_target([], stream_map_config="s3cret")
    assert "`stream_map_config`" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_long_line_is_accepted(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A record of 10 MB is a record."""
    run = run_target([SCHEMA, record(1, attachment="x" * 10_000_000), state(1)])
    assert run.states == [1]
    assert created_names(sandbox) == ["Dupont1"]


def test_nothing_of_a_person_is_logged(run_target: TargetRunner) -> None:
    """At DEBUG, the log of good, bad and broken records contains no name, e-mail, phone, message or token."""
    rows: list[Any] = [
        record(1),
        record(2, email="jane.dupont2(at)example.com"),
        record(3, mobile="12"),
        b'{"jane.dupont4',
    ]
    run = run_target([SCHEMA, *rows])
    text = "\n".join([*run.log, str(run.error)])
    for private in ("jane", "Dupont", "12 34", "visiter", "sandbox-token"):
        assert private not in text, private
    assert json.dumps(run.rejects).count("jane") == 2
