"""The main job: `meltano run tap-seeker-leads target-postgres`."""

from __future__ import annotations

import json
import shlex
import time
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.pages import PROJECT, blocks_in, rows_of
from tests.user_programs import BIN, Ended, run_to_end
from tests.user_shells import meltano_folder, shell

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
    "isErased": "boolean",
    "extra": "jsonb",
}


def test_leads_arrive_and_only_new_ones_follow(
    meltano: Callable[..., Any], account: Sandbox, database: psycopg.Connection, database_url: str
) -> None:
    """Leads arrive with types and values; a second run adds what is new; Meltano keeps the bookmark.

    The second run requests one page, and checks once that nothing follows it.
    """

    def pipeline() -> Any:
        ended = meltano("run", "tap-seeker-leads", "target-postgres", TARGET_POSTGRES_SQLALCHEMY_URL=database_url)
        assert ended.status == 0, ended.stderr[-3000:]
        return ended

    def rows() -> dict[str, tuple[Any, ...]]:
        query = """SELECT "leadId", "portal", "leadCategory", "contactRequest", extract(epoch FROM "ingestionDate")
                   FROM seeker_leads_local.leads"""
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
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'seeker_leads_local'"
    )
    assert {name: kind for name, kind in columns if not name.startswith("_sdc")} == TYPES
    for word in ("deprecat", "Traceback", "hub.meltano.com"):
        assert word not in (ended.stdout + ended.stderr)

    account.statistics.reset()
    new = account.add_leads(7)
    pipeline()
    assert set(rows()) == {*expected, *new}
    assert account.statistics.requests == 2

    pipeline()
    assert set(rows()) == {*expected, *new}
    state = json.loads(meltano("--log-level", "error", "state", "get", STATE_ID).stdout)
    bookmark = state["singer_state"]["bookmarks"]["leads"]
    assert set(bookmark) == {"replication_key", "replication_key_value", "last_lead_at", "refresh"}


def test_values_that_postgresql_refuses_lose_no_row(
    meltano: Callable[..., Any], account: Sandbox, database: psycopg.Connection, database_url: str
) -> None:
    """U+0000 and other control characters, in values and names, arrive as U+FFFD, without a setting in the loader."""
    lead = {
        "metadata": {"leadId": "odd", "ingestionDate": int(time.time()) - 60, "portal": "SLG\0FRA", "so\0": "so\0"},
        "contactRequest": {"message": "Two\nlines\x1b\0", "new\0": ["\0"]},
        "new\0": {"\0": "\0"},
    }
    account.add_leads(leads=[lead])
    ended = meltano("run", "tap-seeker-leads", "target-postgres", TARGET_POSTGRES_SQLALCHEMY_URL=database_url)
    assert ended.status == 0, ended.stderr[-3000:]
    query = """SELECT "portal", "contactRequest", "extra" FROM seeker_leads_local.leads WHERE "leadId" = 'odd'"""
    (row,) = database.execute(query).fetchall()
    assert row == (
        "SLG\ufffdFRA",
        {"message": "Two\nlines\ufffd\ufffd", "new\ufffd": ["\ufffd"]},
        {"new\ufffd": {"\ufffd": "\ufffd"}, "metadata": {"so\ufffd": "so\ufffd"}},
    )


def test_file_loader_needs_no_database(meltano: Callable[..., Any], account: Sandbox, tmp_path: Path) -> None:
    """`meltano run tap-seeker-leads target-jsonl` writes the leads as JSON lines."""
    ended = meltano("run", "tap-seeker-leads", "target-jsonl", TARGET_JSONL_DESTINATION_PATH=str(tmp_path))
    assert ended.status == 0, ended.stderr[-3000:]
    (file,) = tmp_path.glob("leads*.jsonl")
    assert {json.loads(line)["leadId"] for line in file.read_text().splitlines()} == account.store.ids()


def test_wrong_setting_fails_the_run(meltano: Callable[..., Any], tmp_path: Path) -> None:
    """Under Meltano, too, a wrong setting fails the run with the tap's single line."""
    ended = meltano(
        "run",
        "tap-seeker-leads",
        "target-jsonl",
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
        TAP_SEEKER_LEADS_START_DATE="2999-01-01",
    )
    assert ended.status != 0
    assert "`start_date`" in ended.stdout + ended.stderr


@pytest.fixture
def with_env_file(
    tmp_path: Path,
    meltano_plugins: None,  # noqa: ARG001  # skips the test without the plugins
) -> Callable[..., Ended]:
    """Run Meltano in this project with no account except that of a `.env` like `.env.example`."""
    file = tmp_path / ".env"

    def run(client: dict[str, str], *arguments: str, **more: str) -> Ended:
        lines = (PROJECT / ".env.example").read_text("utf-8").splitlines()
        file.write_text("".join(f"{line}{client.get(line.rstrip('='), '')}\n" for line in lines), encoding="utf-8")
        environment = shell(
            tmp_path,
            MELTANO_PROJECT_ROOT=str(PROJECT),
            MELTANO_SYS_DIR_ROOT=str(meltano_folder(tmp_path)),
            MELTANO_DATABASE_URI=f"sqlite:///{tmp_path / 'meltano.db'}",
            **more,
        )
        return run_to_end(BIN / "meltano", "--env-file", file, *arguments, cwd=PROJECT, env=environment)

    return run


def test_env_file_holds_the_account_of_the_vendors_environments(
    with_env_file: Callable[..., Ended], account: Sandbox
) -> None:
    """One client in `.env` serves tap and target in `sandbox` and `production`; `local` keeps its own token."""
    client = {"SEEKER_LEADS_CLIENT_ID": "an-agency", "SEEKER_LEADS_CLIENT_SECRET": "a-secret"}
    api_url = {"TAP_SEEKER_LEADS_API_URL": account.api_url}
    ended = with_env_file(client, "--environment", "local", "invoke", "tap-seeker-leads", "--test", **api_url)
    assert ended.status == 0, ended.stderr[-3000:]
    assert account.statistics.requests > 0
    assert account.issued_tokens == []
    for environment, plugin in (("sandbox", "tap-seeker-leads"), ("production", "target-seeker-leads")):
        show = ("--log-level", "error", "--environment", environment, "config", "print", plugin)
        config = json.loads(with_env_file(client, *show).stdout)
        assert config["environment"] == environment
        assert config["client_id"] == "an-agency"
        assert config["client_secret"]  # Meltano shows that it is set, not its value


def test_hubs_test_commands_use_the_environments_settings(
    with_env_file: Callable[..., Ended], account: Sandbox
) -> None:
    """Each of the Hub's commands to test the tap uses the environment's settings, here its token."""
    texts = yaml.safe_load((PROJECT / "hub" / "tap-seeker-leads.yml").read_text("utf-8"))
    lines = [line for block in blocks_in("hub", texts["next_steps"]) for line in block.text.splitlines()]
    tests = [line.replace("=dev ", "=local ") for line in lines if "test tap-" in line or line.endswith(":doctor")]
    assert len(tests) == 2
    for line in tests:
        account.statistics.reset()
        ended = with_env_file({}, *shlex.split(line)[1:], TAP_SEEKER_LEADS_API_URL=account.api_url)
        assert ended.status == 0, line + ended.stderr[-3000:]
        assert account.statistics.requests > 0


def test_state_is_kept_in_the_database_of_the_page(
    meltano: Callable[..., Any], database: psycopg.Connection, database_url: str, tmp_path: Path
) -> None:
    """With `MELTANO_DATABASE_URI` in the page's form and Meltano's extra `postgres`, PostgreSQL keeps the state."""
    (needs, uri) = next(
        (row[2], row[1]) for row in rows_of("docs/operations.md", "State backends") if "MELTANO_DATABASE_URI" in row[1]
    )
    assert needs == "`meltano[postgres]`"
    scheme = uri.strip("`").removeprefix("MELTANO_DATABASE_URI=").partition("://")[0]
    database.execute("DROP SCHEMA IF EXISTS meltano CASCADE")
    database.execute("CREATE SCHEMA meltano")
    ended = meltano(
        "run",
        "tap-seeker-leads",
        "target-jsonl",
        TARGET_JSONL_DESTINATION_PATH=str(tmp_path),
        MELTANO_DATABASE_URI=f"{scheme}://{database_url.partition('://')[2]}&options=-csearch_path%3Dmeltano",
    )
    assert ended.status == 0, ended.stdout + ended.stderr[-3000:]
    ((state_id, state),) = database.execute("SELECT state_id, completed_state FROM meltano.state").fetchall()
    assert state_id == "local:tap-seeker-leads-to-target-jsonl"
    assert "replication_key_value" in state


def test_environment_without_an_account_is_reported(
    with_env_file: Callable[..., Ended],
) -> None:
    """If `.env` names no client, the run ends with the plugin's own line, before any request."""
    ended = with_env_file({}, "--environment", "sandbox", "invoke", "tap-seeker-leads", "--test")
    assert ended.status != 0
    assert "No credentials are set" in ended.stdout + ended.stderr
