"""Leads sent with real Meltano and real PostgreSQL."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.pages import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from seeker_leads_sandbox import Sandbox


@pytest.fixture
def pipeline(meltano: Callable[..., Any], account: Sandbox, tmp_path: Path) -> Callable[..., Any]:
    """Run Meltano with the target configured for the account."""

    def run(*arguments: str, **environment: str) -> Any:
        ended = meltano(
            *arguments,
            TARGET_SEEKER_LEADS_API_URL=account.api_url,
            TARGET_SEEKER_LEADS_LEDGER_URL=f"sqlite:///{tmp_path / 'ledger.db'}",
            TARGET_SEEKER_LEADS_REJECTS_PATH=str(tmp_path / "rejects.jsonl"),
            **environment,
        )
        assert ended.status == 0, ended.stderr[-3000:]
        return ended

    return run


def rejects(tmp_path: Path) -> list[dict[str, Any]]:
    path = tmp_path / "rejects.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def test_csv_file_becomes_leads(pipeline: Callable[..., Any], account: Sandbox, tmp_path: Path) -> None:
    """`examples/leads.csv`: good rows arrive, bad ones are kept; once fixed they arrive too, and nothing twice."""
    pipeline("run", "tap-spreadsheets", "target-seeker-leads")
    assert sorted(lead["lastName"] for lead in account.created) == ["Dubois", "Rossi", "Schneider", "Éloïse-Martin"]
    letters = rejects(tmp_path)
    assert {letter["record"]["id"]: [reason["field"] for reason in letter["reasons"]] for letter in letters} == {
        "1004": ["lastName"],
        "1005": ["email"],
        "1006": ["phoneNumbers[0].number"],
        "1007": ["message"],
        "1008": ["classifiedId", "submittedDate"],
    }
    (fixed,) = (letter for letter in letters if letter["record"]["id"] == "1004")
    fixed["record"]["last_name"] = "Lefèvre"
    (tmp_path / "fixed.jsonl").write_text(json.dumps(fixed))
    pipeline("invoke", "target-seeker-leads", "--input", str(tmp_path / "fixed.jsonl"))
    pipeline("run", "--full-refresh", "tap-spreadsheets", "target-seeker-leads")
    counts = Counter(lead["lastName"] for lead in account.created)
    assert counts["Lefèvre"] == 1
    assert counts.total() == 5
    assert len(rejects(tmp_path)) == 5


def test_leads_of_odoo_arrive(
    pipeline: Callable[..., Any], account: Sandbox, database: psycopg.Connection, database_url: str, tmp_path: Path
) -> None:
    """`examples/odoo_leads.sql`: a view turns Odoo's table into leads, and later only new ones are sent."""
    database.execute("DROP TABLE IF EXISTS crm_lead CASCADE")
    for name in ("crm_lead.sql", "odoo_leads.sql"):
        database.execute((PROJECT / "examples" / name).read_bytes())

    # The tap asks for host and password, though this database has a socket and no password: the query is the test.
    url = database_url.replace("postgres:@/", "postgres:none@localhost/")

    def run() -> None:
        pipeline("run", "tap-postgres", "target-seeker-leads-odoo", TAP_POSTGRES_SQLALCHEMY_URL=url)

    run()
    first = {lead["lastName"]: lead for lead in account.created}
    assert sorted(first) == ["Laurent", "de La Fontaine"]
    assert first["Laurent"]["firstName"] == "Camille"
    assert first["Laurent"]["message"] == "Bonjour,\nl'appartement est-il libre le 1er décembre ?"
    assert first["Laurent"]["submittedDate"] == "2026-11-20T08:00:00.000000Z"
    assert first["de La Fontaine"]["firstName"] == "Anne Marie"
    assert first["de La Fontaine"]["email"] == "am.delafontaine@example.com"
    assert first["de La Fontaine"]["phoneNumbers"] == [{"number": "06 39 98 12 34", "type": "MOBILE"}]
    assert first["de La Fontaine"]["message"] == "Maison Villeurbanne"
    (letter,) = rejects(tmp_path)
    assert letter["record"]["email"] == "sans.nom@example.com"
    assert [reason["field"] for reason in letter["reasons"]] == ["lastName"]

    database.execute("UPDATE crm_lead SET type = 'lead' WHERE id = 4")
    database.execute("UPDATE crm_lead SET active = true, write_date = now() WHERE id = 5")
    run()
    assert sorted(lead["lastName"] for lead in account.created) == ["Bernard", "Laurent", "Mercier", "de La Fontaine"]
    assert len(rejects(tmp_path)) == 1


def test_round_trip(pipeline: Callable[..., Any], account: Sandbox, tmp_path: Path) -> None:
    """Tap to target: a lead with a listing and a contact is created, an erased one skipped, any other one kept."""
    expected: Counter[bool] = Counter()
    for lead in account.store.all():
        contact, listing = lead.get("contactRequest") or {}, (lead.get("property") or {}).get("classifiedId")
        has_words = any(contact.get(name) for name in ("lastName", "email", "phoneNumbers", "message"))
        if contact and not has_words and not (lead.get("callDetails") or {}).get("seekerPhoneNumber"):
            continue
        has_contact = all(contact.get(name) for name in ("lastName", "email", "phoneNumbers", "message"))
        expected[bool(listing and has_contact)] += 1
    assert expected[True] > 100
    assert expected[False] > 50
    pipeline("run", "tap-seeker-leads", "target-seeker-leads")
    assert len(account.created) == expected[True]
    letters = rejects(tmp_path)
    assert len(letters) == expected[False]
    assert all(letter["reasons"] for letter in letters)
    assert {letter["record"]["leadId"] for letter in letters}.isdisjoint({"", None})


def test_file_is_previewed_and_sent_without_a_tap(
    pipeline: Callable[..., Any], account: Sandbox, tmp_path: Path
) -> None:
    """`meltano invoke target-seeker-leads:preview FILE` shows a file with the project's settings, `:send` sends it."""
    export = str(PROJECT / "examples" / "export-crm.csv")
    zone = {"TARGET_SEEKER_LEADS_TIMEZONE": "Europe/Paris"}
    said = json.loads(pipeline("invoke", "target-seeker-leads:preview", export, "--json", **zone).stdout)
    assert (said["rows"], said["sendable"]) == (40, 34)
    assert not account.created
    pipeline("invoke", "target-seeker-leads:send", export, "--key", "Réf. contact", **zone)
    assert len(account.created) == 34
    assert len(rejects(tmp_path)) == 6
    (first,) = (lead for lead in account.created if lead["lastName"] == "Lefèvre")
    assert first["submittedDate"] == "2026-11-05T13:30:00Z"
