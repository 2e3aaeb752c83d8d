"""Which records are the same lead, from their keys to their dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner


def test_record_metadata_of_the_source_does_not_make_a_new_lead(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """`_sdc_` columns differ in each run; they are not part of a record's content."""
    schema = {**SCHEMA, "key_properties": []}
    run_target([schema, record(1, _sdc_extracted_at="2026-11-23T08:00:00Z")])
    run_target([schema, record(1, _sdc_extracted_at="2026-11-23T08:05:00Z")])
    assert len(sandbox.created) == 1


def test_record_without_its_key_is_known_by_its_content(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """If the key is missing or null, two records with the same content are the same lead."""
    rows = [record(1, id=None), record(1, id=None), record(2, id=None)]
    run_target([SCHEMA, *rows])
    rows[0]["record"]["id"] = None
    run_target([SCHEMA, *rows])
    assert sorted(lead["lastName"] for lead in sandbox.created) == ["Dupont1", "Dupont2"]


@pytest.mark.parametrize("key_properties", [[], ["id"]])
def test_records_that_are_not_understood_are_all_kept(
    run_target: TargetRunner, sandbox: Sandbox, key_properties: list[str]
) -> None:
    """Bad records that differ only in columns without a meaning are different records: each is kept, once."""
    rows = [{**record(1, email=None, id=None), "stream": "leads"} for _ in range(20)]
    for number, row in enumerate(rows):
        row["record"] = {**row["record"], "Kundenname": f"Person {number}", "_sdc_sequence": number}
    schema = {**SCHEMA, "key_properties": key_properties}
    run = run_target([schema, record(100), *rows, state(1)])
    kept = {letter["record"]["Kundenname"] for letter in run.rejects}
    assert kept == {f"Person {number}" for number in range(20)}
    for number, row in enumerate(rows):
        row["record"]["_sdc_sequence"] = number + 1000
    assert len(run_target([schema, record(100), *rows]).rejects) == 20
    assert len(sandbox.created) == 1


@pytest.mark.parametrize("empty", ["", " ", False, None])
def test_empty_key_is_none(run_target: TargetRunner, sandbox: Sandbox, empty: object) -> None:
    """Records whose key is empty are not all the same lead."""
    rows = [record(number) for number in range(5)]
    for row in rows:
        row["record"]["id"] = empty
    run_target([SCHEMA, *rows])
    assert len(sandbox.created) == 5


def test_spellings_of_a_number_are_one_key(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """1001, 1001.0 and "1001" are one key; under another key name they are another one."""
    for value in (1001, 1001.0, "1001"):
        run_target([SCHEMA, record(1, id=value)])
    assert len(sandbox.created) == 1
    run_target([{**SCHEMA, "key_properties": ["ref"]}, record(1, ref=1001)])
    assert len(sandbox.created) == 2


def test_other_lead_under_a_known_key_is_pointed_out(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A record whose key was delivered with other content is not sent, and the summary reports it."""
    run_target([SCHEMA, record(1)])
    run = run_target([SCHEMA, record(1, last_name="Somebody", email="else@example.com")])
    assert len(sandbox.created) == 1
    assert any("1 of those delivered before had different content then" in line for line in run.log)


@pytest.mark.parametrize(
    "maps",
    [
        {"leads": None, "out": {"__source__": "leads", "message": "message or None"}},
        {"leads": {"__key_properties__": ["ref"]}},
        {"leads": {"__alias__": "renamed"}},
    ],
)
def test_dead_letter_keeps_the_identity_of_its_record(
    run_target: TargetRunner, sandbox: Sandbox, maps: dict[str, Any]
) -> None:
    """Whatever stream maps do to streams and keys: fixed as a dead letter or at the source, it is the same lead."""
    schema = {**SCHEMA, "schema": {"properties": {"id": {"type": "integer"}, "ref": {"type": "string"}, "message": {}}}}
    bad = record(1, email=None, ref="a")
    (letter,) = run_target([schema, bad, record(2, ref="b")], stream_maps=maps).rejects
    assert letter["record"] == bad["record"]
    run_target.rejects_path.unlink()
    letter["record"]["email"] = "jane@example.com"
    assert run_target([letter], stream_maps=maps).error is None
    run_target([schema, record(1, ref="a", email="jane@example.com"), record(2, ref="b")], stream_maps=maps)
    assert len(sandbox.created) == 2


def test_dead_letters_of_several_sources_may_share_a_file(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Each line contains the key of its stream, even if another stream has the same name."""
    other = {**SCHEMA, "key_properties": ["ref"]}
    first, second = record(1, email=None), record(1, email=None, ref="x", id=None)
    run_target([SCHEMA, first, record(3)])
    letters = run_target([other, second, record(4, ref="y", id=None)]).rejects
    run_target.rejects_path.unlink()
    for letter in letters:
        letter["record"]["email"] = "jane@example.com"
    run_target(letters)
    assert len(sandbox.created) == 4
    first["record"]["email"] = second["record"]["email"] = "jane@example.com"
    run_target([SCHEMA, first])
    run_target([other, second])
    assert len(sandbox.created) == 4


@pytest.mark.parametrize(("dedupe_by", "count"), [("key", 2), ("content", 3), ("none", 4)])
def test_dedupe_by_decides_what_is_the_same(
    run_target: TargetRunner, sandbox: Sandbox, dedupe_by: str, count: int
) -> None:
    """`key`: the same id; `content`: the same content; `none`: never."""
    rows = [record(1), record(1, message="Encore moi"), record(2), record(2)]
    run_target([SCHEMA, *rows], dedupe_by=dedupe_by)
    assert len(sandbox.created) == count


@pytest.mark.parametrize("dry_run", [False, True])
def test_missing_key_property_is_one_warning_per_stream(run_target: TargetRunner, *, dry_run: bool) -> None:
    """A key that no column has, because of its BOM or case, is one warning with its name, and all leads are sent."""
    rows = [record(number, id=None, **{"\ufeffID": number}) for number in range(1, 4)]
    run = run_target([SCHEMA, *rows], dry_run=dry_run)
    assert "3 created" in run.summary
    (line,) = [line for line in run.log if "key property" in line]
    assert "Warning 3 x stream `leads`: its key property `id` is missing" in line
    assert not any("key property" in line for line in run_target([SCHEMA, record(9)], dry_run=dry_run).log)


def test_false_in_a_composite_key_is_a_value(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Two records that differ in the other part of their key are two leads, even with the same content."""
    same = {"last_name": "Dupont", "email": "jane@example.com", "mobile": "0639980001", "message": "Bonjour"}
    schema = {**SCHEMA, "key_properties": ["id", "archived"]}
    for _ in range(2):
        run_target([schema, *(record(number, **same, archived=False) for number in (1, 2))])
    assert len(sandbox.created) == 2


def test_reject_with_a_line_number_is_kept_once(run_target: TargetRunner) -> None:
    """A reject without a key stays the same if the taps' own columns change from run to run."""
    schema = {**SCHEMA, "key_properties": []}
    for number in (2, 3):
        bad = record(1, email=None, _smart_source_lineno=number, _sdc_source_lineno=number, _line=number)
        run = run_target([schema, bad, record(2)])
    assert len(run.rejects) == 1


#: It fails for a record without an amount, and does not change the fields of a lead.
BROKEN_MAP = {"leads": {"__filter__": "amount > 5"}}
FIXED_MAP = {"leads": {"__filter__": "(amount or 6) > 5"}}
WITH_AMOUNT = {**SCHEMA, "schema": {"properties": {"id": {"type": "integer"}, "amount": {"type": "integer"}}}}
WITHOUT_AMOUNT = {**record(1), "record": {**record(1)["record"], "amount": None}}


@pytest.mark.parametrize("dedupe_by", ["key", "content"])
def test_fixed_stream_map_gives_the_record_another_chance(
    run_target: TargetRunner, sandbox: Sandbox, dedupe_by: str
) -> None:
    """A record whose stream map fails is kept once, however often it fails, and sent once it does not fail."""
    rows = [WITH_AMOUNT, WITHOUT_AMOUNT, record(2, amount=9)]
    for _ in range(2):
        run = run_target(rows, stream_maps=BROKEN_MAP, dedupe_by=dedupe_by)
        assert [letter["record"]["id"] for letter in run.rejects] == [1]
    assert "1 skipped as rejected before" in run.summary
    for _ in range(2):
        run_target(rows, stream_maps=FIXED_MAP, dedupe_by=dedupe_by)
    assert sorted(lead["lastName"] for lead in sandbox.created) == ["Dupont1", "Dupont2"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_failed_stream_map_does_not_change_a_delivered_lead(
    run_target: TargetRunner, sandbox: Sandbox, *, dry_run: bool
) -> None:
    """A delivered record stays delivered if its map fails later, and does not count as changed."""
    run_target([WITH_AMOUNT, WITHOUT_AMOUNT], stream_maps=FIXED_MAP)
    run = run_target([WITH_AMOUNT, WITHOUT_AMOUNT], stream_maps=BROKEN_MAP, dry_run=dry_run)
    assert "0 created, 1 skipped as delivered before, 0 rejected" in run.summary
    assert not any("something else" in line for line in run.log)
    assert len(sandbox.created) == 1
