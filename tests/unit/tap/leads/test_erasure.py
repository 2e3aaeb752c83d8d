"""`isErased`: whether the person behind a lead had their data deleted."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from seeker_leads_sandbox.data.generator import ERASED_CONTACT
from tap_seeker_leads.leads.lead_types import items_type, page_decoder
from tap_seeker_leads.leads.records import lead_by_the_contract, lead_with_unknown_fields, to_lead

METADATA = {"leadId": "lead-1", "ingestionDate": 1_795_420_800}
CALL = {"isVoiceMail": False, "duration": 12, "status": "ANSWERED"}


def is_erased(contact: object, **parts: object) -> bool:
    """Return the result of every implementation that applies to the item, after a check that they agree."""
    item: dict[str, Any] = {"metadata": METADATA, "contactRequest": contact, **parts}
    lead = to_lead(item)
    assert lead is not None
    answers = {lead.record["isErased"]}
    try:
        (read,) = page_decoder().decode(json.dumps({"items": [item]})).items
        answers.add(lead_by_the_contract(read).record["isErased"])
    except msgspec.ValidationError:
        pass  # something in it is new or malformed
    try:
        (checked,) = msgspec.convert([item], items_type())
        answers.add(lead_with_unknown_fields(checked, item).record["isErased"])
    except msgspec.ValidationError:
        pass
    assert len(answers) == 1
    value: bool = answers.pop()
    return value


@pytest.mark.parametrize("name", [None, "firstName", "gender", "language", "isOwner"])
def test_nulled_contact_is_erased(name: str | None) -> None:
    """A lead is erased if last name, e-mail and message are null and no phone is left; other fields may be missing."""
    assert is_erased({field: value for field, value in ERASED_CONTACT.items() if field != name})


@pytest.mark.parametrize(
    "contact",
    [
        {**ERASED_CONTACT, "lastName": "Martin"},
        {**ERASED_CONTACT, "email": "someone@example.org"},
        {**ERASED_CONTACT, "message": ""},
        {**ERASED_CONTACT, "phoneNumbers": [{"number": "0612345678"}]},
        {**ERASED_CONTACT, "phoneNumbers": [None]},
        {**ERASED_CONTACT, "phoneNumbers": None},
        *({field: value for field, value in ERASED_CONTACT.items() if field != name} for name in
          ("lastName", "email", "message", "phoneNumbers")),
        {},
        None,
        "erased",
        [],
    ],
)  # fmt: skip
def test_incomplete_contact_is_not_erased(contact: object) -> None:
    """A contact that is missing, partial or of a different form is not erased, since warehouses delete by this flag."""
    assert not is_erased(contact)


@pytest.mark.parametrize("misfit", [{"firstName": 5}, {"isOwner": "no"}, {"phoneNumbers": {}}, {"message": 0}])
def test_contact_with_a_wrong_type_is_not_erased(misfit: dict[str, Any]) -> None:
    """A value of a wrong type may be the person's data, so the lead does not count as erased."""
    assert not is_erased({**ERASED_CONTACT, **misfit})


@pytest.mark.parametrize("call", [None, CALL, {**CALL, "seekerPhoneNumber": None}, {"new": 1}])
def test_call_without_a_number_may_be_erased(call: dict[str, Any] | None) -> None:
    """A call without a number identifies nobody, so it does not keep the lead from being erased."""
    assert is_erased(ERASED_CONTACT, callDetails=call)


@pytest.mark.parametrize("call", [{"seekerPhoneNumber": "0612345678"}, {"seekerPhoneNumber": 612345678}, "0612345678"])
def test_call_with_a_number_is_not_erased(call: object) -> None:
    """While the number of a call is left, in any form, the person is not erased."""
    assert not is_erased(ERASED_CONTACT, callDetails=call)


def test_new_fields_do_not_hide_an_erasure() -> None:
    """New fields of the API do not hide an erasure."""
    assert is_erased({**ERASED_CONTACT, "nickname": None}, newPart={"x": 1})
