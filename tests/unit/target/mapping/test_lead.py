from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from target_seeker_leads.mapping.date_times import DateReader
from target_seeker_leads.mapping.lead import Lead, read_lead

NOW = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
RECORD: dict[str, Any] = {
    "Nom": "Exemple",
    "Courriel": "zoe@example.org",
    "Portable": "06 39 98 00 01",
    "Message": "Bonjour",
    "Réf. annonce": "26ABCDEFGHJK",
    "Reçu le": "2026-11-23T08:00:00Z",
}


def lead_of(more: dict[str, Any], defaults: dict[str, Any] | None = None, dates: DateReader | None = None) -> Lead:
    return read_lead({**RECORD, **more}, defaults or {}, dates or DateReader(), NOW)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"Civilité": "M. et Mme"}, "gender"),
        ({"Langue": "klingon"}, "language"),
        ({"Langue": {"code": "fr"}}, "language"),
        ({"Prénom": "x" * 101}, "firstName"),
        ({"Prénom": "\ud800"}, "firstName"),
        ({"phones": [{"number": "0199000001", "type": "FAX"}]}, "phoneNumbers[0].type"),
    ],
)
def test_value_that_does_not_fit_an_optional_field_is_left_out(more: dict[str, Any], field: str) -> None:
    """It is left out with a warning that names field, rule and column; the lead can be sent."""
    lead = lead_of(more)
    assert lead.violations == ()
    (left_out,) = lead.left_out
    (warning,) = lead.warnings
    assert (left_out.field, left_out.field.replace("[0]", "[]")) == (field, warning.field)
    assert warning.rule.endswith(": it was left out")
    assert lead.source_of(left_out) == tuple(more)
    assert field not in lead.request
    assert not any("type" in phone for phone in lead.request["phoneNumbers"][:1] if field.startswith("phone"))


def test_default_replaces_what_was_left_out() -> None:
    """A word that is not understood counts as absent, so the default is sent."""
    lead = lead_of({"Langue": "klingon"}, {"language": "NL"})
    assert lead.request["language"] == "NL"
    assert [warning.field for warning in lead.warnings] == ["language"]
    assert "language" not in lead.mapped.request


def test_required_fields_are_never_left_out() -> None:
    """A value that does not fit a required field is a violation, besides the warnings about others."""
    lead = lead_of({"Nom": "x" * 101, "Portable": "12", "Civilité": "?"})
    assert [violation.field for violation in lead.violations] == ["lastName", "phoneNumbers[0].number"]
    assert [lead.source_of(violation) for violation in lead.violations] == [("Nom",), ("Portable",)]
    assert [warning.field for warning in lead.warnings] == ["gender"]


def test_a_skipped_time_has_one_reason() -> None:
    """A time in the gap of daylight saving is refused for that reason, not as a text that is not an instant."""
    paris = DateReader(zone=ZoneInfo("Europe/Paris"))
    (violation,) = lead_of({"Reçu le": "2026-03-29 02:30"}, dates=paris).violations
    assert "skipped" in violation.rule
    lead = lead_of({"Reçu le": "2026-10-25 02:30"}, dates=paris)
    assert lead.violations == ()
    assert [warning.field for warning in lead.warnings] == ["submittedDate"]
    assert lead.request["submittedDate"] == "2026-10-25T00:30:00Z"
