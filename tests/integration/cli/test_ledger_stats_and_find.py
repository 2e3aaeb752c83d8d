"""`seeker-leads ledger stats` and `find`."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Claim, Settlement, Status
from tests.ledger_commands import NOW, LedgerCommand, delivered
from tests.ledger_tools import RETRY, rows
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from tests.target_runs import TargetRunner
EXPORT = Path(__file__).resolve().parents[3] / "examples" / "export-crm.csv"


def test_stats_count_by_stream_status_and_month(ledger_command: LedgerCommand, url: str) -> None:
    """The counts are those of SQL, as text and as JSON, with the size and the format."""
    delivered(url, 5, 0)
    delivered(url, 4, 400)
    delivered(url, 3, 0, "buyers", Status.REJECTED)
    found = json.loads(ledger_command("stats", "--json", ledger_url=url).stdout)
    assert (found["format"], found["rows"], found["bytes"] > 1000) == (2, 12, True)
    assert [
        (each["stream"], each["status"], each["month"], each["rows"], each["resent"]) for each in found["groups"]
    ] == [
        ("buyers", "rejected", f"{NOW:%Y-%m}", 3, 1),
        ("leads", "delivered", f"{NOW - timedelta(days=400):%Y-%m}", 4, 2),
        ("leads", "delivered", f"{NOW:%Y-%m}", 5, 2),
    ]
    assert found["groups"][2]["latest"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    output = ledger_command("stats", ledger_url=url).stdout
    assert "format 2, 12 rows" in output
    assert [line.split()[:4] for line in output.splitlines() if line.startswith("leads ")] == [
        ["leads", "delivered", "9", "4"]
    ]


def test_months_are_those_of_utc(ledger_command: LedgerCommand, url: str) -> None:
    """In any time zone of the server, an instant just after midnight UTC belongs to the new month."""
    with Ledger.open(url, RETRY, clock=lambda: datetime(2026, 11, 1, 0, 30, tzinfo=timezone.utc)) as ledger:
        claim = Claim("a" * 64, "a", "leads", is_replay=False, will_send=True)
        ledger.claim(claim)
        ledger.settle(Settlement(claim, Status.DELIVERED))
    if url.startswith("postgresql"):
        url += "&options=-c%20timezone%3DAmerica/New_York"
    (group,) = json.loads(ledger_command("stats", "--json", ledger_url=url).stdout)["groups"]
    assert (group["month"], group["latest"]) == ("2026-11", "2026-11-01T00:30:00Z")


@pytest.mark.parametrize("key", ['{"id": 5}', '{"id": "5"}', '{"id": 5.0}', '{"id": "5.0"}', '{"id": 5e0}'])
def test_find_knows_a_record_as_the_target_does(
    ledger_command: LedgerCommand, run_target: TargetRunner, url: str, key: str
) -> None:
    """A record is found by its key in any spelling that a run treats as the same."""
    schema = {"type": "SCHEMA", "stream": "crm", "schema": {"properties": {}}, "key_properties": ["id"]}
    sent = run_target(
        [schema, {**record(1), "stream": "crm", "record": {**record(1)["record"], "id": 5}}], ledger_url=url
    )
    assert sent.error is None
    account = {"api_url": run_target.sandbox.api_url, "auth_token": "t", "ledger_url": url}
    found = json.loads(ledger_command("find", "--stream", "crm", "--key", key, "--json", **account).stdout)
    ((_, stream, _, status, request_id, resends),) = rows(url)
    assert found["found"] is True
    assert (stream, status, request_id, resends) == tuple(
        found[name] for name in ("stream", "status", "request_id", "resends")
    )
    assert (
        f"delivered, {found['at']}, request {request_id}"
        in ledger_command("find", "--stream", "crm", "--key", key, **account).stdout
    )


def test_find_tells_accounts_apart(ledger_command: LedgerCommand, run_target: TargetRunner, url: str) -> None:
    """A record is found only for the account for which it was sent; without an account, the command asks for it."""
    sandbox = run_target.sandbox
    accounts = [
        {"label": "paris", "client_id": "other", "client_secret": "s"},
        {"label": "lyon", "auth_token": sandbox.options.token},
    ]
    sent = run_target([SCHEMA, record(1, account="lyon")], ledger_url=url, auth_token=None, accounts=accounts)
    assert sent.error is None
    settings = {"api_url": sandbox.api_url, "accounts": accounts, "ledger_url": url}
    arguments = ("find", "--stream", "leads", "--key", '{"id": 1}')
    assert ledger_command(*arguments, "--account", "lyon", **settings).stdout.startswith("delivered")
    assert ledger_command(*arguments, "--account", "paris", **settings).stdout.startswith("Not in the ledger")
    assert "give --account" in ledger_command(*arguments, status=2, **settings).stderr
    assert "not the label of one" in ledger_command(*arguments, "--account", "nice", status=2, **settings).stderr


def test_find_knows_a_record_of_an_earlier_version(
    ledger_command: LedgerCommand, sandbox: Any, sqlite_url: str, file: Path
) -> None:
    """A record that version 0.1 stored by the spelling of a number is found, in a ledger of format 1."""
    destination = [sandbox.api_url, None, None]
    Ledger.open(sqlite_url, RETRY).close()
    form = json.dumps(["key", destination, "crm", {"id": "5.50"}], sort_keys=True, separators=(",", ":"))
    key = hashlib.sha256(form.encode()).hexdigest()
    with closing(sqlite3.connect(file, isolation_level=None)) as ledger:
        ledger.execute("DROP TABLE seeker_leads_ledger")
        ledger.execute(
            "CREATE TABLE seeker_leads_ledger (key VARCHAR(64) PRIMARY KEY, stream TEXT, content VARCHAR(64), status"
            " VARCHAR(16), run_id VARCHAR(16), request_id TEXT, resends INTEGER, updated_at DATETIME)"
        )
        values = [key, "crm", "a", "delivered", "r", "q", 0, "2026-01-02 03:04:05.000000"]
        ledger.execute("INSERT INTO seeker_leads_ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
        ledger.execute("UPDATE seeker_leads_ledger_version SET version = 1")
    account = {"api_url": sandbox.api_url, "auth_token": "t", "ledger_url": sqlite_url}
    found = json.loads(ledger_command("find", "--stream", "crm", "--key", '{"id": 5.50}', "--json", **account).stdout)
    assert (found["status"], found["at"], found["first_tried_at"]) == ("delivered", "2026-01-02T03:04:05Z", None)
    assert json.loads(ledger_command("stats", "--json", ledger_url=sqlite_url).stdout)["format"] == 1


def test_find_says_what_is_not_there(ledger_command: LedgerCommand, run_target: TargetRunner, url: str) -> None:
    """A record of another stream, key or account is not found; that is an answer, so the status is 0."""
    delivered(url, 1, 0)
    account = {"api_url": run_target.sandbox.api_url, "auth_token": "t", "ledger_url": url}
    ended = ledger_command("find", "--stream", "leads", "--key", '{"id": 5}', **account)
    assert "Not in the ledger" in ended.stdout
    assert (
        json.loads(ledger_command("find", "--stream", "s", "--key", '{"id": 1}', "--json", **account).stdout)["found"]
        is False
    )


@pytest.mark.parametrize("dedupe_by", ["content", "none"])
def test_records_that_have_no_key_cannot_be_found(
    ledger_command: LedgerCommand, sqlite_url: str, dedupe_by: str
) -> None:
    """They are identified by their content or not at all; the line names the setting."""
    arguments = ("find", "--stream", "s", "--key", '{"id": 5}')
    ended = ledger_command(*arguments, status=2, ledger_url=sqlite_url, auth_token="t", dedupe_by=dedupe_by)
    assert f"`dedupe_by` is {dedupe_by}" in ended.stderr


def test_export_of_a_crm_is_in_the_ledger_row_by_row(
    ledger_command: LedgerCommand, run_target: TargetRunner, sandbox: Any
) -> None:
    """What `send` delivered or rejected is counted, and each row is found by its key."""
    settings = {
        "api_url": sandbox.api_url,
        "auth_token": sandbox.options.token,
        "rate_limit_requests": 1000,
        "ledger_url": f"sqlite:///{run_target.ledger_path}",
        "timezone": "Europe/Paris",
    }
    config = run_target.folder / "send.json"
    config.write_text(json.dumps({**settings, "rejects_path": str(run_target.rejects_path)}))
    arguments = ["send", str(EXPORT), "--key", "Réf. contact", "--config", str(config)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    assert json.loads(ledger_command("stats", "--json", **settings).stdout)["rows"] == 40
    keys = [line.partition(";")[0] for line in EXPORT.read_text("cp1252").splitlines() if line.startswith("C-")]
    assert len(keys) == 40
    statuses = [
        json.loads(
            ledger_command(
                "find", "--stream", "leads", "--key", json.dumps({"Réf. contact": key}), "--json", **settings
            ).stdout
        )
        for key in keys
    ]
    assert sorted(each["status"] for each in statuses) == ["delivered"] * 34 + ["rejected"] * 6
