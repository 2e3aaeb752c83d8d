from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from seeker_leads_api import contract
from target_seeker_leads.mapping.field_names import (
    CONTAINERS,
    FIELD_NAMES,
    TYPED_PHONE_NAMES,
    VAGUE_NAMES,
    normalise,
)
from target_seeker_leads.mapping.record_to_request import Mapped, to_request
from target_seeker_leads.mapping.validation import violations
from tests.complete_lead import LEAD

TAP_RECORD: dict[str, Any] = {
    "leadId": "lead-1",
    "ingestionDate": LEAD["submittedDate"],
    "portal": "SLG-FRA",
    "leadCategory": "CLASSIFIED",
    "seekerIntention": None,
    "contactRequest": {
        **{name: LEAD[name] for name in ("firstName", "lastName", "gender", "email", "language", "message")},
        "phoneNumbers": [{**LEAD["phoneNumbers"][0], "verified": False}],
        "isOwner": True,
    },
    "property": {"classifiedId": LEAD["classifiedId"], "offererEstateId": "E-1"},
    "extra": {"lastName": "not this one"},
}


def request_of(record: dict[str, Any]) -> dict[str, Any]:
    return to_request(record).request


def flattened(separator: str) -> dict[str, Any]:
    """Flatten the tap's record as the SDK does: objects into columns, lists into JSON text."""
    flat: dict[str, Any] = {}
    for name, value in TAP_RECORD.items():
        inner = value if isinstance(value, dict) else {"": value}
        for inner_name, inner_value in inner.items():
            full_name = f"{name}{separator}{inner_name}" if inner_name else name
            flat[full_name] = json.dumps(inner_value) if isinstance(inner_value, list) else inner_value
    return flat


def test_table_knows_the_contracts_fields() -> None:
    """Every field of the contract is in the table under its own name first, and every name is normalised and unique."""
    assert set(FIELD_NAMES) == set(contract.schema("CreateLeadRequest")["properties"])
    assert all(names[0] == normalise(field) for field, names in FIELD_NAMES.items())
    names = [name for names in (*FIELD_NAMES.values(), *TYPED_PHONE_NAMES.values()) for name in names]
    assert names == list(dict.fromkeys(map(normalise, names)))


@pytest.mark.parametrize(
    "record",
    [
        LEAD,
        TAP_RECORD,
        {name: json.dumps(value) if isinstance(value, dict) else value for name, value in TAP_RECORD.items()},
        flattened("__"),
        flattened("_"),
        {"contact": LEAD, "metadata": {"created_at": LEAD["submittedDate"]}},
    ],
    ids=["flat", "tap", "json-text", "flattened", "flattened-plainly", "contact"],
)
def test_lead_is_found_in_every_layout(record: dict[str, Any]) -> None:
    """Flat, nested as the tap writes it, flattened, and nested as text are the same lead."""
    assert request_of(record) == LEAD
    assert not violations(request_of(record))


@pytest.mark.parametrize(
    "name",
    [
        "firstName",
        "FirstName",
        "first_name",
        "FIRST_NAME",
        "first-name",
        "First Name",
        "firstname",
        " first.name ",
        "Pr\u00e9nom",
    ],
)
def test_names_are_known_in_every_style(name: str) -> None:
    """Case, separators and accents of a name do not matter; sources keep the record's own spelling."""
    assert to_request({name: "Zo\u00e9"}) == Mapped({"firstName": "Zo\u00e9"}, {"firstName": (name,)})


@pytest.mark.parametrize(
    ("field", "name"),
    [(field, name) for field, names in FIELD_NAMES.items() for name in names if field != "phoneNumbers"],
)
def test_synonyms(field: str, name: str) -> None:
    """Each name of the table maps to its field."""
    assert to_request({name: LEAD[field]}) == Mapped({field: LEAD[field]}, {field: (name,)})


@pytest.mark.parametrize(
    ("kind", "name"),
    [(None, name) for name in FIELD_NAMES["phoneNumbers"]]
    + [(kind, name) for kind, names in TYPED_PHONE_NAMES.items() for name in names],
)
def test_names_of_phones(kind: str | None, name: str) -> None:
    """A plain phone becomes `phoneNumbers`, with the type that its name gives."""
    phone = {"number": "0612345678"} | ({"type": kind} if kind else {})
    assert to_request({name: "0612345678"}) == Mapped({"phoneNumbers": [phone]}, {"phoneNumbers[0]": (name,)})


@pytest.mark.parametrize(
    "record",
    [
        {"name": "Exemple", "contact_name": "Exemple", "email_from": "a@b.fr", "fax": "0123456789", "id": 7},
        {"property": {"createdAt": "2026-01-01", "email": "owner@example.org"}, "property_phone": "0612345678"},
        {"contact": {"createdAt": "2026-01-01"}, "metadata": {"email": "a@b.fr"}},
        {"user": {"email": "a@b.fr"}, "contact": "Exemple", "contactRequest": ["a@b.fr"], "property": "{email"},
        {"contact": {"person": {"email": "a@b.fr"}}},
    ],
)
def test_nothing_else_is_guessed(record: dict[str, Any]) -> None:
    """A name that is not in the table, or means something else in its place, is not a field of the lead."""
    mapped = to_request(record)
    assert (mapped.request, mapped.sources) == ({}, {})
    assert mapped.unused


@pytest.mark.parametrize(
    ("record", "source", "unused"),
    [
        ({"mail": "b@b.fr", "Email": "a@b.fr"}, "Email", ("mail",)),
        ({"EMAIL": "b@b.fr", "email": "a@b.fr"}, "email", ("EMAIL",)),
        ({"mail": "b@b.fr", "contact": {"email": "a@b.fr"}}, "contact.email", ("mail",)),
        ({"contactRequest": {"email": "b@b.fr"}, "email": "a@b.fr"}, "email", ("contactRequest.email",)),
        (
            {"contact": {"email": "b@b.fr"}, "contact_request__email": "a@b.fr"},
            "contact_request__email",
            ("contact.email",),
        ),
        ({"email": " ", "emailAddress": None, "mail": "a@b.fr", "courriel": "b@b.fr"}, "mail", ("courriel",)),
        ({"email": False, "contact": {"email": "", "mail": "a@b.fr"}}, "contact.mail", ()),
    ],
)
def test_first_name_with_a_value_wins(record: dict[str, Any], source: str, unused: tuple[str, ...]) -> None:
    """Exact names take precedence over synonyms, and outer places over inner ones; empty values are skipped."""
    assert to_request(record) == Mapped({"email": "a@b.fr"}, {"email": (source,)}, unused=unused)


@pytest.mark.parametrize(
    ("record", "source"),
    [
        ({"Date": "2026-11-23"}, {"submittedDate": ("Date",)}),
        ({"Date": "2026-11-23", "Re\u00e7u le": "2026-11-24"}, {"submittedDate": ("Re\u00e7u le",)}),
        ({"Date": "2026-11-23", "Re\u00e7u le": ""}, {"submittedDate": ("Date",)}),
        ({"Annonce": "26ABCDEFGHJK", "R\u00e9f. annonce": "26ABCDEFGHJK"}, {"classifiedId": ("R\u00e9f. annonce",)}),
        ({"property": {"date": "2026-11-23"}, "contact": {"annonce": "26ABCDEFGHJK"}}, {}),
    ],
)
def test_vague_names_count_where_nothing_better_is_there(record: dict[str, Any], source: dict[str, Any]) -> None:
    """An ambiguous name is the last resort, and only at the top level."""
    assert to_request(record).sources == source


def test_no_name_means_two_things() -> None:
    """Each name, in each place and flattened, has one meaning: no entry of the tables is overwritten."""
    places = {"": frozenset(FIELD_NAMES), **CONTAINERS}
    typed = [name for names in TYPED_PHONE_NAMES.values() for name in names]
    entries = [
        place + name
        for field, names in FIELD_NAMES.items()
        for place, fields in places.items()
        if field in fields
        for name in (*names, *(typed if field == "phoneNumbers" else ()))
    ]
    entries += [name for names in VAGUE_NAMES.values() for name in names]
    assert len(entries) == len(set(entries))


def test_own_date_goes_before_the_ingestion_date() -> None:
    """The tap's `ingestionDate` is the date only if the record has no better one."""
    record = {"ingestionDate": "2026-11-24T00:00:00Z", "contactRequest": {"createdAt": date(2026, 11, 23)}}
    assert to_request(record).sources == {"submittedDate": ("contactRequest.createdAt",)}
    assert request_of(record) == {"submittedDate": "2026-11-23T00:00:00Z"}


def test_phones_of_all_fields_are_combined() -> None:
    """Every phone is kept once, in the table's order; the first one counts, and a later type completes it."""
    record = {
        "fixe": "01 23 45 67 89",
        "mobile": "06.12.34.56.78",
        "Phone": "0612345678",
        "contact": {"phones": ["0711223344", "0711223344", {"number": "0123456789"}]},
        "portable": "0711223344",
        "tel": ["broken", "broken", {"kind": "no number"}],
    }
    assert to_request(record) == Mapped(
        {
            "phoneNumbers": [
                {"number": "0711223344", "type": "MOBILE"},
                {"number": "0123456789", "type": "LANDLINE"},
                {"number": "0612345678", "type": "MOBILE"},
                {"number": "broken"},
                {},
            ]
        },
        {
            "phoneNumbers[0]": ("contact.phones", "portable"),
            "phoneNumbers[1]": ("contact.phones", "fixe"),
            "phoneNumbers[2]": ("Phone", "mobile"),
            "phoneNumbers[3]": ("tel",),
            "phoneNumbers[4]": ("tel",),
        },
    )


def test_only_what_the_contract_means_is_trimmed() -> None:
    """Blanks around addresses, ids and numbers are noise; those in names and messages belong to the person."""
    padded = {name: f" {LEAD[name]}\n" for name in LEAD if name != "phoneNumbers"}
    kept = {name: padded[name] for name in ("firstName", "lastName", "message")}
    assert request_of({**padded, "phone": "\t0612345678 "}) == {
        **LEAD,
        **kept,
        "phoneNumbers": [{"number": "0612345678"}],
    }
