from __future__ import annotations

import json
from typing import Any

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_seeker_leads.leads.lead_types import items_type, page_decoder
from tap_seeker_leads.leads.records import lead_by_the_contract, lead_with_unknown_fields, to_lead
from tap_seeker_leads.leads.schema import leads_schema

METADATA = {
    "leadId": "lead-1",
    "ingestionDate": 1_795_420_800,
    "portal": "SLG-FRA",
    "TTL": 1_890_028_800,
    "leadCategory": "CLASSIFIED",
}
CONTACT = {
    "firstName": "Zoé",
    "email": "zoe@example.com",
    "phoneNumbers": [{"type": "MOBILE", "number": "+33612345678"}],
}
ITEM: dict[str, Any] = {"metadata": METADATA, "contactRequest": CONTACT, "property": {"classifiedId": "24ABCDEFGHIJ"}}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    ["metadata", "contactRequest", "property", "project", "distributionType", "callDetails", "new"]
)


def record_of(item: dict[str, Any]) -> dict[str, Any]:
    lead = to_lead(item)
    assert lead is not None
    return lead.record


def test_metadata_is_at_the_top_level_with_fixed_instants() -> None:
    """The fields of `metadata` are columns, with instants in RFC 3339 UTC; parts are nested as the API sends them."""
    assert record_of(ITEM) == {
        "leadId": "lead-1",
        "ingestionDate": "2026-11-23T08:00:00Z",
        "portal": "SLG-FRA",
        "ttl": "2029-11-22T08:00:00Z",
        "leadCategory": "CLASSIFIED",
        "seekerIntention": None,
        "contactRequest": CONTACT,
        "property": {"classifiedId": "24ABCDEFGHIJ"},
        "project": None,
        "distributionType": None,
        "callDetails": None,
        "isErased": False,
        "extra": None,
    }


def test_columns_are_those_of_the_schema() -> None:
    """Record and schema have the same columns, so that no column is dropped."""
    assert list(record_of(ITEM)) == list(leads_schema()["properties"])


def test_fields_beyond_the_contract_pass_through() -> None:
    """New fields are kept: nested ones in place, those of the top level and of `metadata` in `extra`."""
    item = {
        "metadata": {**METADATA, "portal": "NEW-ITA", "leadCategory": "NEW", "score": 7},
        "contactRequest": {**CONTACT, "nickname": "Z"},
        "visit": {"slots": ["10:00"]},
    }
    record = record_of(item)
    assert (record["portal"], record["leadCategory"]) == ("NEW-ITA", "NEW")
    assert record["contactRequest"]["nickname"] == "Z"
    assert record["extra"] == {"visit": {"slots": ["10:00"]}, "metadata": {"score": 7}}


NO_LEADS: list[Any] = [None, 3, "lead", [], {}, {"metadata": None}, {"metadata": {}}, {"metadata": []}]
NO_IDS: list[Any] = ["", None, True, 1.5, [], {}]


@pytest.mark.parametrize("item", [*NO_LEADS, *({"metadata": {"leadId": value}} for value in NO_IDS)])
def test_item_without_an_id_is_not_a_lead(item: object) -> None:
    """An item without a `leadId` cannot be stored, and does not stop the stream."""
    assert to_lead(item) is None


@pytest.mark.parametrize("date", [None, "soon", -1, 10**15, True, [], float("inf"), float("nan")])
def test_lead_with_a_bad_date_is_still_a_lead(date: object) -> None:
    """A lead without a usable date is emitted with null, and the original is kept: a person waits for an answer."""
    lead = to_lead({**ITEM, "metadata": {**METADATA, "ingestionDate": date}})
    assert lead is not None
    assert lead.second is None
    assert lead.record["ingestionDate"] is None
    assert (lead.record["extra"] is None) is (date is None)


def test_value_of_a_wrong_type_goes_to_extra() -> None:
    """A value of a wrong type neither stops a loader nor is lost: it becomes null, and `extra` has it by its path."""
    contact = {"firstName": 5, "email": "a@b.fr", "phoneNumbers": ["06", {"number": "07"}]}
    record = record_of({**ITEM, "contactRequest": contact, "property": "sold", "metadata": {**METADATA, "portal": 1}})
    assert record["contactRequest"] == {"firstName": None, "email": "a@b.fr", "phoneNumbers": [None, {"number": "07"}]}
    assert record["property"] is None
    assert record["portal"] is None
    odd = {"firstName": 5, "phoneNumbers": ["06", None]}
    assert record["extra"] == {"contactRequest": odd, "property": "sold", "metadata": {"portal": 1}}


@given(st.dictionaries(FIELDS, JSON, max_size=4), st.dictionaries(st.sampled_from([*METADATA, "new"]), JSON))
def test_record_always_fits_the_schema(parts: dict[str, Any], metadata: dict[str, Any]) -> None:
    """Whatever the API sends beside a `leadId`, the record matches the schema."""
    record = record_of({**ITEM, **parts, "metadata": {**METADATA, **metadata, "leadId": "x"}})
    jsonschema.validate(record, leads_schema())


ERASED: dict[str, Any] = {"lastName": None, "email": None, "phoneNumbers": [], "message": None}
KNOWN = {
    "contactRequest": st.sampled_from([None, {}, CONTACT, {"isOwner": None}, {"phoneNumbers": [None, {}]}, ERASED]),
    "property": st.sampled_from([{"estateType": ["HOUSE", None]}, {"rooms": {"numberOfRoomsMin": 1.5}, "geo": None}]),
    "project": st.sampled_from([{"build": {"type": "NEW"}}, {"commercial": None}]),
    "distributionType": st.sampled_from([None, [], ["BUYER"]]),
    "callDetails": st.sampled_from([{"duration": 3}, {"isVoiceMail": True}, {"seekerPhoneNumber": "06"}]),
}
#: At most one value that is unknown or malformed.
ODD_PART = st.dictionaries(FIELDS, JSON, max_size=1)
ODD_METADATA = st.dictionaries(st.sampled_from([*METADATA, "seekerIntention", "new"]), JSON, max_size=1)


@given(st.fixed_dictionaries({}, optional=KNOWN), ODD_PART, ODD_METADATA)
def test_page_decoded_as_a_whole_gives_the_records_of_its_items(
    known: dict[str, Any], odd: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """A page that is decoded as a whole gives the same records as its items one by one."""
    item = {**known, **odd, "metadata": {**METADATA, **metadata}}
    try:
        (read,) = page_decoder().decode(json.dumps({"items": [item]})).items
    except msgspec.ValidationError:
        # Something in it is unknown or malformed, so it is read item by item.
        assert odd or metadata
        return
    lead, itself = lead_by_the_contract(read), to_lead(item)
    assert itself is not None
    assert (lead.lead_id, lead.second) == (itself.lead_id, itself.second)
    assert msgspec.to_builtins(lead.record) == itself.record


@pytest.mark.parametrize("unknown", ["metadata", "contactRequest", "property"])
def test_page_with_unknown_fields_is_not_decoded_as_a_whole(unknown: str) -> None:
    """A page with unknown fields is not decoded by the contract's types, which would drop them."""
    item = {**ITEM, unknown: {**ITEM[unknown], "new": 1}}
    with pytest.raises(msgspec.ValidationError):
        page_decoder().decode(json.dumps({"items": [item]}))


@given(st.fixed_dictionaries({}, optional=KNOWN), ODD_PART, ODD_METADATA)
def test_page_with_new_fields_gives_the_records_of_its_items(
    known: dict[str, Any], odd: dict[str, Any], metadata: dict[str, Any]
) -> None:
    """An item whose known fields match the contract gives the same record as when it is read alone."""
    item = {**known, **odd, "metadata": {**METADATA, **metadata}}
    try:
        (checked,) = msgspec.convert([item], items_type())
    except msgspec.ValidationError:
        assert odd or metadata
        return
    assert lead_with_unknown_fields(checked, item) == to_lead(item)


def test_erased_person_is_a_lead_with_null_fields() -> None:
    """A lead that was erased under the GDPR has null contact fields, and is emitted."""
    erased: dict[str, Any] = {"firstName": None, "email": None, "phoneNumbers": []}
    assert record_of({**ITEM, "contactRequest": erased})["contactRequest"] == erased
