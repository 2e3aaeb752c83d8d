"""Which records are the same lead, and under which keys earlier versions stored them."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.delivery.identity import Identifier, Identity
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.mapping.record_to_request import to_request
from target_seeker_leads.mapping.validation import violations
from target_seeker_leads.settings import DedupeBy
from tests.singer_input import lead

DESTINATION = ("https://api.example.org", "client", None)


def identify(
    record: dict[str, Any],
    keys: tuple[str, ...] = ("id",),
    dedupe_by: DedupeBy = DedupeBy.KEY,
    failure: Reason | None = None,
    **defaults: Any,
) -> Identity:
    source = Source("leads", keys, record, is_replay=False)
    mapped = to_request(record).request
    can_be_sent = not violations({**defaults, **mapped}) and failure is None
    identifier = Identifier(DESTINATION, defaults, dedupe_by)
    return identifier.identify(Incoming("leads", keys, record, source, failure), mapped, can_be_sent=can_be_sent)


def format_1(*form: Any) -> str:
    """A key as the first version computed it, by the recipe of docs/target.md."""
    text = json.dumps([form[0], DESTINATION, *form[1:]], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def test_usual_record_keeps_its_key() -> None:
    """A record with a plain key, or without one, keeps its identity: no earlier key is looked up for it."""
    identity = identify(lead(7))
    assert identity.key == format_1("key", "leads", {"id": "7"})
    assert identity.earlier_keys == ()
    keyless = identify(lead(7), ())
    assert keyless.key == format_1("content", to_request(lead(7)).request)
    assert keyless.earlier_keys == ()


@pytest.mark.parametrize(
    ("record", "keys", "earlier"),
    [
        ({"id": "7.0"}, ("id",), ("key", "leads", {"id": "7.0"})),
        ({"id": Decimal("0.50")}, ("id",), ("key", "leads", {"id": "0.50"})),
        ({"id": 10**45}, ("id",), ("key", "leads", {"id": 10**45})),
        ({"id": "\u200b"}, ("id",), ("key", "leads", {"id": "\u200b"})),
        ({"id": 7, "archived": False}, ("id", "archived"), ("content", to_request(lead(1)).request)),
        ({"\ufeffid": 7, "id": None}, ("id",), ("content", to_request(lead(1)).request)),
    ],
)
def test_earlier_key_of_a_record_stays_known(record: dict[str, Any], keys: tuple[str, ...], earlier: Any) -> None:
    """If the form of an identity changed, the record is still found by its old key."""
    identity = identify(lead(1, **record), keys)
    assert identity.earlier_keys == (format_1(*earlier),)
    assert identity.key not in identity.earlier_keys


@pytest.mark.parametrize("phone", ["612345678.0", 612345678, "612345678,0"])
def test_earlier_reading_of_a_phone_stays_known(phone: object) -> None:
    """A lead whose phone is now read differently is the lead that was delivered then."""
    record = lead(1, mobile=phone)
    request = to_request(record).request
    then = {**request, "phoneNumbers": [{"number": str(phone), "type": "MOBILE"}]}
    assert format_1("content", then) in identify(record, ()).earlier_keys


def test_reject_of_a_new_rule_keeps_its_identity() -> None:
    """A lead that an earlier version delivered and this one rejects is looked up as content, not only as a reject."""
    record = lead(1, last_name="\u200b")
    was_sent = {**to_request(record).request, "lastName": "\u200b"}
    assert format_1("content", was_sent) in identify(record, ()).earlier_keys


def test_failed_stream_map_is_not_looked_up_as_content() -> None:
    """A record whose map failed is identified by all its columns: its mapped fields are not known."""
    record = lead(1)
    failure = Reason(None, "it broke", "fix it")
    identity = identify(record, (), failure=failure)
    assert identity.key == format_1("record", "leads", record)
    assert identity.earlier_keys == ()


@pytest.mark.parametrize("name", ["\ufeffid", "ID", "Id ", " id", "\u200bid"])
def test_missing_key_property_is_named_and_merges_no_records(name: str) -> None:
    """If a column's name almost matches a missing key, the records that it distinguishes stay distinct."""
    same = {"email": "jane@example.com", "last_name": "Dupont", "message": "Bonjour", "mobile": "0612345678"}
    one, other = (identify(lead(1, **{**same, "id": None, name: number})) for number in (1, 2))
    assert one.missing_key_properties == ("id",)
    assert one.key != other.key
    assert one.key == identify(lead(1, **{**same, "id": None, name: "1.0"}, extra="x")).key


def test_null_key_is_not_a_missing_one() -> None:
    """A column that exists and is empty means that this record has no key, without a warning."""
    assert identify({**lead(1), "id": None}).missing_key_properties == ()
    assert identify(lead(1)).missing_key_properties == ()


RUN_COLUMNS = [
    *("_sdc_source_lineno", "_sdc_extracted_at", "__sdc_row", "_smart_source_lineno", "_smart_source_last_modified"),
    *(
        "_s3_source_lineno",
        "_ab_source_file_last_modified",
        "_airbyte_extracted_at",
        "_fivetran_synced",
        "_dlt_load_id",
    ),
    *("_line", "__line_number", "_row", "_row_number", "_line_no"),
]


@pytest.mark.parametrize("name", RUN_COLUMNS)
def test_reject_is_the_same_however_often_it_is_read(name: str) -> None:
    """Columns that a tap adds in each run are not part of a record that is identified by all its columns."""
    one, other = (identify(lead(1, email=None, id=None, **{name: value}), ()) for value in (2, 3))
    assert one.key == other.key


@pytest.mark.parametrize("name", ["line", "row", "online", "_rowan", "sdc_note", "_id", "ligne", "_s3_extra"])
def test_column_of_a_person_is_part_of_a_reject(name: str) -> None:
    """Columns without such a name may be the only difference between two people."""
    one, other = (identify(lead(1, email=None, id=None, **{name: value}), ()) for value in (2, 3))
    assert one.key != other.key


def test_identity_of_none_is_never_the_same() -> None:
    """With `dedupe_by: none` no record is recognised, even by an earlier key."""
    one, other = (identify(lead(1), dedupe_by=DedupeBy.NONE) for _ in range(2))
    assert one.key != other.key
    assert one.earlier_keys == other.earlier_keys == ()
