from __future__ import annotations

from typing import Any

import pytest

from seeker_leads_sandbox.api.problems import Violation
from seeker_leads_sandbox.api.validation import violations

_PHONE_RULE = "must be 7 to 22 digits, spaces and ()/.-, with a digit at the end and a + only in front"
VALID: dict[str, Any] = {
    "lastName": "Exemple",
    "email": "exemple@example.org",
    "phoneNumbers": [{"number": "+33 6 39 98 00 00"}],
    "message": "Bonjour",
    "classifiedId": "26ABCDEFGHIJ",
    "submittedDate": "2026-01-31T23:59:59.5+01:00",
}


def test_a_good_lead_has_no_violations() -> None:
    """A lead that follows the contract has no violations."""
    assert violations("CreateLeadRequest", VALID) == []


def test_all_violations_are_listed_without_values() -> None:
    """Every violation is named by its place, and no reason repeats personal data."""
    broken = {**VALID, "email": "no mail", "phoneNumbers": [{"number": "secret"}], "firstName": None}
    del broken["lastName"]

    assert violations("CreateLeadRequest", broken) == [
        Violation("email", "must be a valid email"),
        Violation("firstName", "must be of type string"),
        Violation("lastName", "is required"),
        Violation("phoneNumbers[0].number", _PHONE_RULE),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("classifiedId", "26ABCDEFGHIJ\n"),  # Python's `$` would let it pass
        ("classifiedId", "26ABCDEFGHI0"),
        ("submittedDate", "2026-02-30T00:00:00Z"),
        ("submittedDate", "2026-01-31"),
        ("submittedDate", "2026-01-31T00:00:00"),
        ("email", "a@b@c"),
        ("message", 1),
        ("phoneNumbers", []),
        ("language", "fr"),
    ],
)
def test_values_outside_the_contract_are_violations(name: str, value: object) -> None:
    """Patterns, formats and enums are checked strictly."""
    assert [violation.name for violation in violations("CreateLeadRequest", {**VALID, name: value})] == [name]


@pytest.mark.parametrize("body", [None, [], "text", 1])
def test_a_body_that_is_not_an_object_is_one_violation(body: object) -> None:
    """A violation of the body itself is named `(body)`."""
    assert violations("CreateLeadRequest", body) == [Violation("(body)", "must be of type object")]


@pytest.mark.parametrize(("url", "count"), [("https://example.org/hook?x=1", 0), ("no url", 1), ("", 1)])
def test_urls_of_subscriptions_are_checked(url: str, count: int) -> None:
    """A subscription needs a URL that can be called."""
    body = {"url": url, "apiKey": "key", "status": "ACTIVE"}

    assert len(violations("CreateSubscriptionRequest", body)) == count
