"""The output of the tap's stream maps: what the user selected, and no column that the SCHEMA lacks."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tap_seeker_leads.leads.records import to_lead
from tap_seeker_leads.leads.schema import PERSONAL_PARTS
from tap_seeker_leads.stream_maps import UnflattenableError
from tap_seeker_leads.tap import TapSeekerLeads
from tests.malformed_leads import SCHEMA, malformed_leads, mark, marks_of, marks_within, written
from tests.tap_runs import Collector

AUTOMATIC = {"leadId", "ingestionDate"}
COLUMNS = sorted(set(SCHEMA) - AUTOMATIC)


@cache
def own_catalog() -> str:
    return json.dumps(TapSeekerLeads(config={"auth_token": "x"}).catalog_dict)


def breadcrumbs() -> list[tuple[str, ...]]:
    entries = json.loads(own_catalog())["streams"][0]["metadata"]
    return [tuple(entry["breadcrumb"]) for entry in entries if set(entry["breadcrumb"][1:2]).isdisjoint(AUTOMATIC)]


BREADCRUMBS = sorted(filter(None, breadcrumbs()))


def catalog(off: set[tuple[str, ...]]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(own_catalog())
    for entry in result["streams"][0]["metadata"]:
        entry["metadata"]["selected"] = tuple(entry["breadcrumb"]) not in off
    return result


def run(item: dict[str, Any], off: set[tuple[str, ...]], config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the SCHEMAs and RECORDs of one lead."""
    collector = Collector()
    whole = {"auth_token": "x", "stream_map_config": {}, **config}
    tap = TapSeekerLeads(config=whole, catalog=catalog(off), message_writer=collector)
    lead = to_lead(copy.deepcopy(item))
    assert lead is not None
    stream = tap.streams["leads"]
    stream._write_schema_message()
    stream._write_record_message(lead.record)
    collector.flush()
    return collector.messages


def records(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message["record"] for message in messages if message["type"] == "RECORD"]


#: Few, since each example builds its own tap.
FEW = settings(max_examples=40)
OFF = st.sets(st.sampled_from(BREADCRUMBS), min_size=1, max_size=4)
DEPTHS = st.integers(0, 5)
REMOVED = st.sampled_from([None, "__NULL__", "'gone'", "str(leadId)"])


def flattened(depth: int) -> dict[str, Any]:
    return {"flattening_enabled": True, "flattening_max_depth": depth} if depth else {}


@FEW
@given(malformed_leads(), OFF, DEPTHS)
def test_deselected_values_are_never_written(item: dict[str, Any], off: set[tuple[str, ...]], depth: int) -> None:
    """For any lead, no value of a deselected path is in the output, `extra` included.

    If any field of a personal part is deselected, its unknown fields are not in the output either: they may hold the
    same data under another name.
    """
    output = written(records(run(item, off, flattened(depth))))
    for breadcrumb in off:
        path = breadcrumb[1::2]
        assert marks_within(path, output) == [], path
        if path[0] in PERSONAL_PARTS:
            assert mark((path[0], "new")) not in output
            assert mark((path[0], "phoneNumbers", "new")) not in output
            assert f'"x": "<{path[0]}' not in output.replace("\\", "")


@FEW
@given(
    malformed_leads(),
    st.dictionaries(st.sampled_from(COLUMNS), REMOVED, min_size=1, max_size=4),
    st.sampled_from(["some", "all"]),
    DEPTHS,
)
def test_removed_columns_are_never_written(
    item: dict[str, Any], removed: dict[str, str | None], form: str, depth: int
) -> None:
    """No value of a column that a stream map removes or replaces is in the output, `extra` included."""
    definition: dict[str, str | None] = dict(removed)
    if form == "all":  # only the named columns are emitted
        definition = {"__else__": None, "leadId": "leadId", **{name: name for name in COLUMNS if name not in removed}}
    output = written(records(run(item, set(), {"stream_maps": {"leads": definition}} | flattened(depth))))
    assert [found for name in removed for found in marks_within((name,), output)] == []


@FEW
@given(malformed_leads(), DEPTHS)
def test_map_of_a_copy_changes_only_that_copy(item: dict[str, Any], depth: int) -> None:
    """Each of several maps has its own removed columns: a copy without personal data takes none from the others."""
    maps = {"leads": {}, "people": {"__source__": "leads", "contactRequest": None}}
    messages = run(item, set(), {"stream_maps": maps} | flattened(depth))
    of_stream = {message["stream"]: written(message["record"]) for message in messages if message["type"] == "RECORD"}
    assert marks_within(("contactRequest",), of_stream["people"]) == []
    assert [text for text in marks_of(item) if text not in of_stream["leads"]] == []


@FEW
@given(malformed_leads(), DEPTHS)
def test_unexpected_values_are_kept_with_and_without_flattening(item: dict[str, Any], depth: int) -> None:
    """Values that do not match the contract, or are not in it, are emitted, with and without flattening."""
    output = written(records(run(item, set(), flattened(depth))))
    assert [text for text in marks_of(item) if text not in output] == []


@FEW
@given(malformed_leads(), st.sets(st.sampled_from(BREADCRUMBS), max_size=4), st.integers(1, 5))
def test_flattened_record_has_the_columns_of_its_schema(
    item: dict[str, Any], off: set[tuple[str, ...]], depth: int
) -> None:
    """A strict loader accepts every flattened record, since it has exactly the columns of the SCHEMA."""
    schema, record = run(item, off, flattened(depth))
    jsonschema.validate(record["record"], {**schema["schema"], "additionalProperties": False})
    assert list(record["record"]) == list(schema["schema"]["properties"])


def test_open_objects_stay_whole_when_flattened() -> None:
    """An object without known fields is one column, at any flattening depth."""
    item = {"metadata": {"leadId": "a"}, "project": {"build": {"plot": {"size": 3}}}, "new": {"x": {"y": 1}}}
    (record,) = records(run(item, set(), flattened(5)))
    assert json.loads(record["project__build"]) == {"plot": {"size": 3}}
    assert json.loads(record["extra"]) == {"new": {"x": {"y": 1}}}
    assert record["project__commercial"] is None


def test_fields_without_a_column_are_kept_in_extra() -> None:
    """Unknown fields of a flattened part have no column, so `extra` holds them by their path."""
    contact = {"email": "<e>", "nickname": "Z", "phoneNumbers": 5}
    item = {"metadata": {"leadId": "a"}, "contactRequest": contact, "property": {"rooms": {"new": 1}}}
    (flat,) = records(run(item, set(), flattened(1)))
    assert flat["contactRequest__email"] == "<e>"
    assert json.loads(flat["extra"]) == {"contactRequest": {"nickname": "Z", "phoneNumbers": 5}}
    assert json.loads(flat["property__rooms"]) == {"new": 1}
    (deeper,) = records(run(item, set(), flattened(2)))
    assert json.loads(deeper["extra"])["property"] == {"rooms": {"new": 1}}


def test_mapped_object_without_a_schema_cannot_be_flattened() -> None:
    """A map that makes an object would need columns that have no schema: an error names the column."""
    maps = {"leads": {"contactRequest": "{'who': contactRequest['email']}"}}
    item = {"metadata": {"leadId": "a"}, "contactRequest": {"email": "zoe@example.com"}}
    with pytest.raises(UnflattenableError, match="`contactRequest`") as caught:
        run(item, set(), {"stream_maps": maps} | flattened(1))
    assert "zoe" not in str(caught.value)
