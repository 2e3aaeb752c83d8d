"""A lead that was sent from here is recognised when it returns, whatever its shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_seeker_leads.delivery.fingerprint import fingerprint
from target_seeker_leads.mapping.record_to_request import to_request

DESTINATION = ("https://api.example.org", "client", None)
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9)
PHONE = st.from_regex(r"[1-9][0-9]{8}", fullmatch=True)


def of(record: dict[str, Any]) -> str:
    return fingerprint(DESTINATION, to_request(record).request)


def as_the_tap_gives_it(record: dict[str, Any]) -> dict[str, Any]:
    """What the API lists of a lead that was created from a record, with everything that it adds."""
    request = to_request(record).request
    phones = [{"type": "MOBILE", "verified": False, **phone} for phone in request["phoneNumbers"]]
    contact = {name: request[name] for name in ("lastName", "email", "message")}
    return {
        "leadId": "0199",
        "ingestionDate": "2026-11-20T09:15:07Z",
        "contactRequest": {"firstName": None, "language": "FR", **contact, "phoneNumbers": phones},
        "property": {"classifiedId": request["classifiedId"], "estateType": ["HOUSE"]},
        "metadata": {"submittedDate": "2026-11-20T09:15:00Z"},
    }


@given(NAMES, NAMES, PHONE, st.text(min_size=1).filter(lambda text: text.strip() != ""))
def test_lead_and_its_listing_have_one_fingerprint(name: str, mail: str, digits: str, message: str) -> None:
    """A flat record of a CRM and the tap's nested record of the same lead have the same fingerprint."""
    record = {
        "id": 7,
        "last_name": name,
        "email": f"{mail}@example.org",
        "mobile": f"0{digits}",
        "message": message + "x",
        "classified_id": "26ABCDEFGHJK",
        "created_at": "2026-11-20",
    }
    assert of(record) == of(as_the_tap_gives_it(record))


BASE = {
    "lastName": "Dupont-Éxemple",
    "email": "Jane@Example.org",
    "phoneNumbers": [{"number": "+33 6 12 34 56 78"}, {"number": "01 42 00 00 00", "type": "LANDLINE"}],
    "message": "Bonjour,\r\nest-il libre ?",
    "classifiedId": "26ABCDEFGHJK",
    "submittedDate": "2026-11-20T09:15:00Z",
}
SAME = [
    {"lastName": " dupont-E\u0301xemple "},
    {"email": "jane@example.org"},
    {"phoneNumbers": [{"number": "0142000000"}, {"number": "06.12.34.56.78", "type": "MOBILE"}]},
    {"phoneNumbers": [{"number": "+33 (0)6 12 34 56 78"}, {"number": "0033142000000"}, {"number": "0142000000"}]},
    {"message": "Bonjour, est-il libre ?\n"},
    {"submittedDate": "2026-11-21T09:15:00Z", "firstName": "Jane", "language": "FR"},
]
OTHER = [
    {"lastName": "Dupond"},
    {"email": "j@example.org"},
    {"phoneNumbers": [{"number": "+33 6 12 34 56 78"}]},
    {"message": "Bonjour, est-il encore libre ?"},
    {"classifiedId": "26ABCDEFGHJL"},
]


@pytest.mark.parametrize("change", SAME)
def test_spelling_does_not_change_a_fingerprint(change: dict[str, Any]) -> None:
    """Blanks, case, the order and spelling of phones, and the date of submission do not change a fingerprint."""
    assert fingerprint(DESTINATION, {**BASE, **change}) == fingerprint(DESTINATION, BASE)


@pytest.mark.parametrize("change", OTHER)
def test_other_words_have_another_fingerprint(change: dict[str, Any]) -> None:
    """Another person, listing or message is another lead; so is the same one for another account."""
    assert fingerprint(DESTINATION, {**BASE, **change}) != fingerprint(DESTINATION, BASE)
    assert fingerprint(("https://api.example.org", "other", None), BASE) != fingerprint(DESTINATION, BASE)


@pytest.mark.parametrize("odd", [None, 7, [], {}, [None], "text"])
def test_odd_values_have_a_fingerprint(odd: object) -> None:
    """A reject has a fingerprint too, whatever its fields contain."""
    assert len(fingerprint(DESTINATION, dict.fromkeys(BASE, odd))) == 64
