from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.mapping.record_to_request import parse_defaults, to_request, with_defaults
from tests.complete_lead import LEAD

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


def test_defaults_fill_absent_fields_only() -> None:
    """A default fills a field that a record lacks, `now` is the given time, and leads do not share a list."""
    defaults = parse_defaults(
        {"Submitted at": " NOW ", "mobile": 612345678, "message": "", "lang": "de_AT", "nom": "?"}
    )
    mapped = to_request({"lastName": "Exemple", "message": " "})
    filled = with_defaults(mapped, defaults, NOW)
    assert filled.request == {
        "lastName": "Exemple",
        "language": "DE",
        "phoneNumbers": [{"number": "0612345678", "type": "MOBILE"}],
        "message": "",
        "submittedDate": "2026-11-23T08:00:00Z",
    }
    default_paths = dict.fromkeys(("language", "phoneNumbers[0]", "message", "submittedDate"), ("defaults",))
    assert filled.sources == {"lastName": ("lastName",), **default_paths}
    filled.request["phoneNumbers"][0]["number"] = "changed"
    assert with_defaults(mapped, defaults, NOW).request["phoneNumbers"][0]["number"] == "0612345678"
    assert mapped.request == {"lastName": "Exemple"}


def test_a_whole_lead_takes_no_defaults() -> None:
    """No field of a record is replaced."""
    mapped = to_request(LEAD)
    assert with_defaults(mapped, parse_defaults({"submittedDate": "now", "phone": "0711223344"}), NOW) == mapped
    assert parse_defaults({}) == {}


@pytest.mark.parametrize(
    ("defaults", "names"),
    [
        ({"gendre": "secret"}, ["gendre"]),
        ({"email": "secret"}, ["email"]),
        ({"mobile": "secret", "lang": "secret"}, ["phoneNumbers[0].number", "language"]),
        ({"submittedDate": "secret"}, ["submittedDate"]),
        ({"lastName": "", "firstName": None}, ["lastName", "firstName"]),
        ({"contact": {"secretary": "secret"}, "property": None}, ["contact.secretary", "property"]),
        ({"email": "secret", "submittedDate": "now"}, ["email"]),
    ],
)
def test_defaults_that_cannot_work_are_refused(defaults: dict[str, Any], names: list[str]) -> None:
    """A default that would make every lead invalid ends the run before it starts; all are named, no value is shown."""
    with pytest.raises(SettingsError, match=r"^`defaults` ") as caught:
        parse_defaults(defaults)
    assert all(name in str(caught.value) for name in names)
    assert "secret" not in str(caught.value).replace("secretary", "")
