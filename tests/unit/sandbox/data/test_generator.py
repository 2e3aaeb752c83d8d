from __future__ import annotations

import re
from collections import Counter

import jsonschema

from seeker_leads_api import contract
from seeker_leads_sandbox.data.generator import LEAD_LIFE_SECONDS, LeadGenerator, created_lead, erase
from tests.smallest_lead import LEAD

FIRST_SECOND, END_SECOND = 1_700_000_000, 1_700_086_400


def sample(seed: int = 1, count: int = 1500) -> list[dict[str, object]]:
    return list(LeadGenerator(seed).spread(count, FIRST_SECOND, END_SECOND))


def test_every_lead_keeps_the_contract() -> None:
    """Every generated lead of any category, erased or not, matches the schema Lead of openapi.yaml."""
    validator = jsonschema.Draft202012Validator(contract.schema("Lead"))

    leads = sample()

    assert [error for lead in leads for error in validator.iter_errors(lead)] == []


def test_leads_show_what_the_api_can_send() -> None:
    """1,500 leads include all categories, every value of isOwner, its absence, and some erased people."""
    leads = sample()
    contacts = [dict(lead["contactRequest"]) for lead in leads]  # type: ignore[call-overload]  # JSON

    categories = Counter(dict(lead["metadata"])["leadCategory"] for lead in leads)  # type: ignore[call-overload]  # JSON
    assert set(categories) == {"CLASSIFIED", "AGENCY", "PROPERTY_SEARCH", "CALL_TRACKING"}
    assert {contact.get("isOwner", "absent") for contact in contacts} == {True, False, None, "absent"}
    erased = [contact for contact in contacts if contact["email"] is None]
    assert erased
    assert all(contact.pop("phoneNumbers") == [] and set(contact.values()) == {None} for contact in erased)


def test_people_can_be_posted_again() -> None:
    """Phone numbers and classified ids are valid for POST /leads, and e-mails use example domains only."""
    request = contract.schema("CreateLeadRequest")["properties"]
    phone_pattern = re.compile(request["phoneNumbers"]["items"]["properties"]["number"]["pattern"])
    classified_pattern = re.compile(request["classifiedId"]["pattern"])

    for lead in LeadGenerator(1).spread(1500, FIRST_SECOND, END_SECOND):
        contact = lead["contactRequest"]
        assert all(phone_pattern.fullmatch(phone["number"]) for phone in contact["phoneNumbers"])
        assert contact["email"] is None or re.fullmatch(r"[a-z0-9.-]+@example\.(org|com|net)", contact["email"])
        if "classifiedId" in lead.get("property", {}):
            assert classified_pattern.fullmatch(lead["property"]["classifiedId"])


def test_leads_are_dated_in_the_period_and_expire_after_three_years() -> None:
    """Dates are within the period, its end excluded; a lead's TTL is three years after its ingestion."""
    for lead in LeadGenerator(3).spread(500, 10, 12):
        metadata = lead["metadata"]
        assert metadata["ingestionDate"] in {10, 11}
        assert metadata["TTL"] == metadata["ingestionDate"] + LEAD_LIFE_SECONDS


def test_the_seed_decides() -> None:
    """The same seed gives the same leads, another seed gives others; ids never repeat."""
    assert sample(7, 50) == sample(7, 50)
    assert sample(7, 50) != sample(8, 50)
    assert len({lead["metadata"]["leadId"] for lead in LeadGenerator(7).spread(5000, 0, 9)}) == 5000


def test_erasing_takes_every_trace_of_the_person() -> None:
    """After an erasure, no contact field and no caller's number is left, but the lead is."""
    leads = LeadGenerator(5).spread(200, FIRST_SECOND, END_SECOND)
    lead = next(lead for lead in leads if "callDetails" in lead)

    erase(lead)

    assert not any(lead["contactRequest"].values())
    assert lead["callDetails"]["seekerPhoneNumber"] is None
    assert lead["metadata"]["leadCategory"] == "CALL_TRACKING"


def test_a_created_lead_keeps_the_contract() -> None:
    """A POST creates a classified lead with the given contact, dated now."""
    lead = created_lead(LEAD, "some-id", 1_700_000_000)

    jsonschema.Draft202012Validator(contract.schema("ClassifiedLead")).validate(lead)
    assert lead["metadata"]["ingestionDate"] == 1_700_000_000
    assert lead["contactRequest"]["email"] == LEAD["email"]
