"""The main job: `meltano run tap-seeker-leads target-postgres`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import psycopg

    from seeker_leads_sandbox import Sandbox

STATE_ID = "local:tap-seeker-leads-to-target-postgres"
TYPES = {
    "leadId": "text",
    "ingestionDate": "timestamp without time zone",
    "portal": "text",
    "ttl": "timestamp without time zone",
    "leadCategory": "text",
    "seekerIntention": "text",
    "contactRequest": "jsonb",
    "property": "jsonb",
    "project": "jsonb",
    "distributionType": "ARRAY",
    "callDetails": "jsonb",
    "extra": "jsonb",
}


def test_leads_arrive_and_only_new_ones_follow(
    meltano: Callable[..., Any], account: Sandbox, database: psycopg.Connection, database_url: str
) -> None:
    """Leads arrive with types and values; a second run asks once and adds what is new; Meltano keeps the bookmark."""

    def pipeline() -> Any:
        ended = meltano("run", "tap-seeker-leads", "target-postgres", TARGET_POSTGRES_SQLALCHEMY_URL=database_url)
        assert ended.status == 0, ended.stderr[-3000:]
        return ended

    def rows() -> dict[str, tuple[Any, ...]]:
        query = """SELECT "leadId", "portal", "leadCategory", "contactRequest", extract(epoch FROM "ingestionDate")
                   FROM seeker_leads.leads"""
        return {row[0]: row for row in database.execute(query)}

    ended = pipeline()
    expected = {lead["metadata"]["leadId"]: lead for lead in account.store.all()}
    assert len(expected) == 250
    first = rows()
    assert set(first) == set(expected)
    for lead_id, (_, portal, category, contact, epoch) in first.items():
        metadata = expected[lead_id]["metadata"]
        assert (portal, category, epoch) == (metadata["portal"], metadata["leadCategory"], metadata["ingestionDate"])
        assert contact == expected[lead_id]["contactRequest"]
    columns = database.execute(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'seeker_leads'"
    )
    assert {name: kind for name, kind in columns if not name.startswith("_sdc")} == TYPES
    for word in ("deprecat", "Traceback", "hub.meltano.com"):
        assert word not in (ended.stdout + ended.stderr)

    account.statistics.reset()
    new = account.add_leads(7)
    pipeline()
    assert set(rows()) == {*expected, *new}
    assert account.statistics.requests == 1

    pipeline()
    assert set(rows()) == {*expected, *new}
    state = json.loads(meltano("--log-level", "error", "state", "get", STATE_ID).stdout)
    bookmark = state["singer_state"]["bookmarks"]["leads"]
    assert set(bookmark) == {"replication_key", "replication_key_value"}


def test_file_loader_needs_no_database(meltano: Callable[..., Any], account: Sandbox, tmp_path: Path) -> None:
    """`meltano run tap-seeker-leads target-jsonl` writes the leads as JSON lines."""
    ended = meltano("run", "tap-seeker-leads", "target-jsonl", TARGET_JSONL_DESTINATION_PATH=str(tmp_path))
    assert ended.status == 0, ended.stderr[-3000:]
    (file,) = tmp_path.glob("leads*.jsonl")
    assert {json.loads(line)["leadId"] for line in file.read_text().splitlines()} == {
        lead["metadata"]["leadId"] for lead in account.store.all()
    }


def test_wrong_setting_fails_the_run(meltano: Callable[..., Any], tmp_path: Path) -> None:
    """Under Meltano, too, a wrong setting ends in a failed run with the tap's one line."""
    ended = meltano(
        "run",
        "tap-seeker-leads",
        "target-jsonl",
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
        TAP_SEEKER_LEADS_START_DATE="2999-01-01",
    )
    assert ended.status != 0
    assert "`start_date`" in ended.stdout + ended.stderr


def test_environments_choose_the_servers(meltano: Callable[..., Any]) -> None:
    """`--environment sandbox` and `production` use the vendor's servers, as the tap knows them."""
    for environment in ("sandbox", "production"):
        ended = meltano("--log-level", "error", "--environment", environment, "config", "print", "tap-seeker-leads")
        assert json.loads(ended.stdout)["environment"] == environment
