"""What an answer proves about a lead, before a row is deleted because of it."""

from __future__ import annotations

import json

import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_cli.retention.columns import Column, read_columns
from seeker_leads_cli.retention.leads import Leads
from seeker_leads_cli.retention.proof import lead_exists, refuse_several_accounts
from seeker_leads_cli.retention.settings import Erased

LEAD = {"metadata": {"leadId": "a", "portal": "X"}, "contactRequest": {}}
OTHER = {"metadata": {"leadId": "b"}}
INSTANT = "timestamp with time zone"
NEEDED = [Column("leadId", "text"), Column("ingestionDate", INSTANT), Column("ttl", INSTANT)]
READ_AT = Column("_sdc_extracted_at", INSTANT)


def leads(*columns: Column, refresh_days: int = 30) -> Leads:
    return Leads("s", "leads", read_columns("s.leads", [*NEEDED, *columns]), refresh_days, Erased.SCRUB)


@pytest.mark.parametrize("content", [LEAD, [LEAD], {"items": [LEAD]}, {"items": [LEAD], "metadata": {"total": 1}}])
def test_lead_with_its_own_id_exists(content: object) -> None:
    """The answer is the lead, or a list of this one lead."""
    assert lead_exists("a", 200, json.dumps(content).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", json.dumps(LEAD).encode()])
def test_only_a_404_says_that_a_lead_is_gone(body: bytes) -> None:
    """Its body does not matter, since the client accepts only the API's own 404."""
    assert not lead_exists("a", 404, body)


@pytest.mark.parametrize("status", [200, 206, 410, 500])
@pytest.mark.parametrize(
    "content",
    [
        OTHER,
        [OTHER],
        {"items": [OTHER]},
        [],
        {"items": []},
        [LEAD, LEAD],
        {"items": [LEAD, OTHER]},
        {"items": [LEAD, OTHER], **LEAD},
        {"metadata": "a"},
        {"metadata": {}},
        {"leadId": "a"},
        "a",
        None,
    ],
)
def test_any_other_answer_proves_nothing(status: int, content: object) -> None:
    """Another lead, several or none come from a wrong URL or account: the command ends, and deletes nothing."""
    with pytest.raises(FatalError, match="its 404s prove nothing"):
        lead_exists("a", status, json.dumps(content).encode())


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"metadata": {"leadId": "a"}', b"\xff", b"[" * 100_000])
def test_answer_that_cannot_be_read_proves_nothing(body: bytes) -> None:
    """It may come from something other than the API."""
    with pytest.raises(FatalError, match="Check `api_url`, the account"):
        lead_exists("a", 200, body)


def test_one_account_can_be_asked_about_its_own_table() -> None:
    """The table must be of one account, and show when each row was read."""
    refuse_several_accounts(leads(READ_AT))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (leads(READ_AT, Column("account", "text")), "s.leads holds several accounts, but --verify asks only one"),
        (leads(), "--verify needs the loader's column _sdc_extracted_at"),
        (leads(READ_AT, refresh_days=0), "a `refresh_days` above 0"),
    ],
)
def test_table_without_a_possible_proof_is_refused(given: Leads, words: str) -> None:
    """The 404s of one account say nothing about others, and without cycles no row is overdue."""
    with pytest.raises(SettingsError, match=words):
        refuse_several_accounts(given)
