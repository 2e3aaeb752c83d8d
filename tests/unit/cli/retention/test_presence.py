"""What an answer says about a lead, before a row is deleted or erased because of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from seeker_leads_cli.retention.presence import Presence, presence_of

CONTACT: dict[str, Any] = {"firstName": None, "lastName": None, "email": None, "message": None, "phoneNumbers": []}
SHAPES = ("alone", "list", "items")


def body(shape: str, **parts: Any) -> bytes:
    lead = {"metadata": {"leadId": "a"}, **parts}
    return json.dumps(
        {"alone": lead, "list": [lead], "items": {"metadata": {"total": 1}, "items": [lead]}}[shape]
    ).encode()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("call", [{}, {"callDetails": None}, {"callDetails": {"seekerPhoneNumber": None}}])
def test_lead_without_any_contact_is_erased(shape: str, call: dict[str, Any]) -> None:
    """The rule is the tap's: every field of the contact is null."""
    assert presence_of("a", 200, body(shape, contactRequest=CONTACT, **call)) is Presence.ERASED


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"contactRequest": None},
        {"contactRequest": {}},
        {"contactRequest": {**CONTACT, "lastName": "Dupont"}},
        {"contactRequest": {**CONTACT, "phoneNumbers": [{"number": "0639980001"}]}},
        {"contactRequest": CONTACT, "callDetails": {"seekerPhoneNumber": "0639980001"}},
    ],
)
def test_any_other_lead_is_there(shape: str, parts: dict[str, Any]) -> None:
    """A contact that is missing or incomplete does not count as erased."""
    assert presence_of("a", 200, body(shape, **parts)) is Presence.PRESENT


def test_lead_of_a_404_is_gone() -> None:
    """Whatever its body holds."""
    assert presence_of("a", 404, body("alone", contactRequest=CONTACT)) is Presence.GONE
