"""`seeker-leads ledger` on ledgers in SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_cli.main import main
from target_seeker_leads.ledger.ledger import Ledger
from target_seeker_leads.ledger.rules import Claim, Settlement, Status
from tests.ledger_tools import RETRY, execute, rows
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from click.testing import Result

    from tests.integration.conftest import TargetRunner

EXPORT = Path(__file__).resolve().parents[2] / "examples" / "export-crm.csv"
NOW = datetime.now(timezone.utc)
Tool = Callable[..., Any]


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    """Run a command of `ledger` with settings of the test's own; no account is among them."""

    def run(*arguments: str, status: int = 0, **settings: Any) -> Result:
        config = tmp_path / "config.json"
        config.write_text(json.dumps({"rejects_path": str(tmp_path / "rejects.jsonl"), **settings}))
        ended = CliRunner().invoke(main, ["ledger", *arguments, "--config", str(config)])
        assert ended.exit_code == status, ended.output
        if status:
            assert len(ended.stderr.splitlines()) == 1
            assert ended.stdout == ""
        return ended

    return run


def delivered(url: str, count: int, days_ago: float, stream: str = "leads", status: Status = Status.DELIVERED) -> None:
    """Have so many leads settled so long ago."""
    with Ledger.open(url, RETRY, clock=lambda: NOW - timedelta(days=days_ago)) as ledger:
        for number in range(count):
            claim = Claim(f"{stream}-{status.value}-{days_ago}-{number}", "a", stream, is_replay=False, will_send=True)
            ledger.claim(claim)
            ledger.settle(Settlement(claim, status, f"request-{number}", resends=number % 2))


def test_stats_count_by_stream_status_and_month(tool: Tool, url: str) -> None:
    """The counts are those of SQL, as text and as JSON, with the size and the format."""
    delivered(url, 5, 0)
    delivered(url, 4, 400)
    delivered(url, 3, 0, "buyers", Status.REJECTED)
    found = json.loads(tool("stats", "--json", ledger_url=url).stdout)
    assert (found["format"], found["rows"], found["bytes"] > 1000) == (2, 12, True)
    assert [
        (each["stream"], each["status"], each["month"], each["rows"], each["resent"]) for each in found["groups"]
    ] == [
        ("buyers", "rejected", f"{NOW:%Y-%m}", 3, 1),
        ("leads", "delivered", f"{NOW - timedelta(days=400):%Y-%m}", 4, 2),
        ("leads", "delivered", f"{NOW:%Y-%m}", 5, 2),
    ]
    assert found["groups"][2]["latest"] == f"{NOW:%Y-%m-%dT%H:%M:%SZ}"
    said = tool("stats", ledger_url=url).stdout
    assert "format 2, 12 rows" in said
    assert [line.split()[:4] for line in said.splitlines() if line.startswith("leads ")] == [
        ["leads", "delivered", "9", "4"]
    ]


def test_months_are_those_of_utc(tool: Tool, url: str) -> None:
    """Whatever the server's zone: an instant just after midnight is of the new month."""
    with Ledger.open(url, RETRY, clock=lambda: datetime(2026, 11, 1, 0, 30, tzinfo=timezone.utc)) as ledger:
        claim = Claim("a" * 64, "a", "leads", is_replay=False, will_send=True)
        ledger.claim(claim)
        ledger.settle(Settlement(claim, Status.DELIVERED))
    if url.startswith("postgresql"):
        url += "&options=-c%20timezone%3DAmerica/New_York"
    (group,) = json.loads(tool("stats", "--json", ledger_url=url).stdout)["groups"]
    assert (group["month"], group["latest"]) == ("2026-11", "2026-11-01T00:30:00Z")


@pytest.mark.parametrize("key", ['{"id": 5}', '{"id": "5"}', '{"id": 5.0}', '{"id": "5.0"}', '{"id": 5e0}'])
def test_find_knows_a_record_as_the_target_does(tool: Tool, run_target: TargetRunner, url: str, key: str) -> None:
    """By the value of its key, in any spelling that a run takes for the same."""
    schema = {"type": "SCHEMA", "stream": "crm", "schema": {"properties": {}}, "key_properties": ["id"]}
    sent = run_target(
        [schema, {**record(1), "stream": "crm", "record": {**record(1)["record"], "id": 5}}], ledger_url=url
    )
    assert sent.error is None
    account = {"api_url": run_target.sandbox.api_url, "auth_token": "t", "ledger_url": url}
    found = json.loads(tool("find", "--stream", "crm", "--key", key, "--json", **account).stdout)
    ((_, stream, _, status, request_id, resends),) = rows(url)
    assert found["found"] is True
    assert (stream, status, request_id, resends) == tuple(
        found[name] for name in ("stream", "status", "request_id", "resends")
    )
    assert (
        f"delivered, {found['at']}, request {request_id}"
        in tool("find", "--stream", "crm", "--key", key, **account).stdout
    )


def test_find_tells_accounts_apart(tool: Tool, run_target: TargetRunner, url: str) -> None:
    """A record that was sent for one of several accounts is found for that one, and never called new without asking."""
    sandbox = run_target.sandbox
    accounts = [
        {"label": "paris", "client_id": "other", "client_secret": "s"},
        {"label": "lyon", "auth_token": sandbox.options.token},
    ]
    sent = run_target([SCHEMA, record(1, account="lyon")], ledger_url=url, auth_token=None, accounts=accounts)
    assert sent.error is None
    settings = {"api_url": sandbox.api_url, "accounts": accounts, "ledger_url": url}
    arguments = ("find", "--stream", "leads", "--key", '{"id": 1}')
    assert tool(*arguments, "--account", "lyon", **settings).stdout.startswith("delivered")
    assert tool(*arguments, "--account", "paris", **settings).stdout.startswith("Not in the ledger")
    assert "give --account" in tool(*arguments, status=2, **settings).stderr
    assert "not the label of one" in tool(*arguments, "--account", "nice", status=2, **settings).stderr


def test_find_knows_a_record_of_an_earlier_version(tool: Tool, sandbox: Any, sqlite_url: str, file: Path) -> None:
    """What version 0.1 stored by the spelling of a number is found, in a ledger that is still of format 1."""
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
    found = json.loads(tool("find", "--stream", "crm", "--key", '{"id": 5.50}', "--json", **account).stdout)
    assert (found["status"], found["at"], found["first_tried_at"]) == ("delivered", "2026-01-02T03:04:05Z", None)
    assert json.loads(tool("stats", "--json", ledger_url=sqlite_url).stdout)["format"] == 1


def test_find_says_what_is_not_there(tool: Tool, run_target: TargetRunner, url: str) -> None:
    """Of another stream, key or account; that is an answer, so the status is 0."""
    delivered(url, 1, 0)
    account = {"api_url": run_target.sandbox.api_url, "auth_token": "t", "ledger_url": url}
    ended = tool("find", "--stream", "leads", "--key", '{"id": 5}', **account)
    assert "Not in the ledger" in ended.stdout
    assert json.loads(tool("find", "--stream", "s", "--key", '{"id": 1}', "--json", **account).stdout)["found"] is False


def test_purge_deletes_only_old_delivered_rows(tool: Tool, url: str) -> None:
    """A dry run says how many; younger rows, and those of any other status, stay."""
    delivered(url, 7, 1300)
    delivered(url, 5, 100)
    for status in (Status.REJECTED, Status.UNKNOWN, Status.FAILED, Status.REFUSED):
        delivered(url, 1, 1300, status=status)
    before = rows(url)
    dry = json.loads(tool("purge", "--older-than", "1200d", "--dry-run", "--json", ledger_url=url).stdout)
    assert (dry["rows"], dry["dry_run"], dry["may_be_sent_again"]) == (7, True, 0)
    assert rows(url) == before
    assert "Deleted 7 rows" in tool("purge", "--older-than", "1200d", ledger_url=url).stdout
    assert rows(url) == [row for row in before if not (row[3] == "delivered" and "-1300-" in row[0])]
    assert "Deleted 0 rows" in tool("purge", "--older-than", "1200d", ledger_url=url).stdout


def test_purge_of_what_may_come_again_needs_force(tool: Tool, url: str) -> None:
    """Less than 1,100 days is refused, and said what of before it is done."""
    delivered(url, 7, 1300)
    delivered(url, 5, 100, "crm")
    refused = tool("purge", "--older-than", "90d", ledger_url=url, status=2)
    assert "1100d" in refused.stderr
    assert "--force" in refused.stderr
    dry = tool("purge", "--older-than", "90d", "--dry-run", ledger_url=url)
    assert "5 of `crm`. Without --dry-run this needs --force" in dry.stderr
    assert "Would delete 12 rows" in dry.stdout
    assert len(rows(url)) == 12
    forced = tool("purge", "--older-than", "90d", "--force", "--json", ledger_url=url)
    assert "May be sent again if their source gives them again: 5 of `crm`" in forced.stderr
    assert json.loads(forced.stdout)["may_be_sent_again"] == 5
    assert rows(url) == []


def test_purge_goes_on_beside_a_run(tool: Tool, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that holds records settles them as ever; more rows than one batch has go, too."""
    monkeypatch.setattr("seeker_leads_cli.ledger.purging._BATCH_ROWS", 3)
    delivered(url, 10, 1300)
    with Ledger.open(url, RETRY) as ledger:
        claim = Claim("b" * 64, "a", "leads", is_replay=False, will_send=True)
        ledger.claim(claim)
        assert "Deleted 10 rows" in tool("purge", "--older-than", "1200d", ledger_url=url).stdout
        ledger.settle(Settlement(claim, Status.DELIVERED))
    assert [row[3] for row in rows(url)] == ["delivered"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("find", "--stream", "s", "--key", "5"), "--key must be a JSON object"),
        (("find", "--stream", "s", "--key", '{"id"'), "--key must be a JSON object"),
        (("find", "--stream", "s", "--key", '{"id": null}'), "--key must be a JSON object"),
        (("find", "--stream", "s", "--key", "{}"), "--key must be a JSON object"),
        (("copy", "mysql://u:s3cret@h/d"), "NEW_URL: mysql cannot hold a ledger"),
        (("copy", "nonsense"), "NEW_URL is not a database URL"),
    ],
)
def test_wrong_use_is_one_line(tool: Tool, sqlite_url: str, arguments: tuple[str, ...], words: str) -> None:
    """It ends with 2 and names the option, without what may be a password."""
    delivered(sqlite_url, 1, 0)
    ended = tool(*arguments, status=2, ledger_url=sqlite_url, auth_token="t")
    assert words in ended.stderr
    assert "s3cret" not in ended.stderr


@pytest.mark.parametrize("age", ["1200", "3y", "-5d"])
def test_age_that_is_none_deletes_nothing(sqlite_url: str, age: str) -> None:
    """It ends with 2 and shows how an age is written."""
    delivered(sqlite_url, 1, 9000)
    ended = CliRunner().invoke(main, ["ledger", "purge", "--older-than", age])
    assert (ended.exit_code, "is not an age" in ended.stderr) == (2, True)
    assert len(rows(sqlite_url)) == 1


@pytest.mark.parametrize("command", [("purge", "--older-than", "1200d"), ("copy", "sqlite:////nowhere/new.db")])
def test_ledger_that_another_program_holds(
    tool: Tool, sqlite_url: str, file: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """After the wait of a run the line says to end that program; once it has ended, the command works."""
    delivered(sqlite_url, 3, 1300)
    monkeypatch.setattr("target_seeker_leads.ledger.database._BUSY_TIMEOUT_SECONDS", 0.1)
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        ended = tool(*command, status=1, ledger_url=sqlite_url)
        assert "another process holds it: end that" in ended.stderr
        assert len(rows(sqlite_url)) == 3
    assert "Deleted 3 rows" in tool("purge", "--older-than", "1200d", ledger_url=sqlite_url).stdout


@pytest.mark.parametrize("dedupe_by", ["content", "none"])
def test_records_that_have_no_key_cannot_be_found(tool: Tool, sqlite_url: str, dedupe_by: str) -> None:
    """They are known by what they say, or not at all: the line names the setting."""
    arguments = ("find", "--stream", "s", "--key", '{"id": 5}')
    ended = tool(*arguments, status=2, ledger_url=sqlite_url, auth_token="t", dedupe_by=dedupe_by)
    assert f"`dedupe_by` is {dedupe_by}" in ended.stderr


COMMANDS = [
    ("stats",),
    ("find", "--stream", "s", "--key", '{"id": 5}'),
    ("purge", "--older-than", "1200d"),
    ("purge", "--older-than", "1200d", "--dry-run"),
    ("copy", "sqlite:////nowhere/new.db"),
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_ledger_that_is_not_there_is_not_made(tool: Tool, url: str, file: Path, arguments: tuple[str, ...]) -> None:
    """A typo in `ledger_url` is told, and begins no empty ledger."""
    assert "There is no ledger at " in tool(*arguments, status=2, ledger_url=url, auth_token="t").stderr
    assert not file.parent.exists()


@pytest.mark.parametrize("arguments", COMMANDS)
def test_ledger_of_a_newer_format_is_left_alone(tool: Tool, url: str, arguments: tuple[str, ...]) -> None:
    """The line says which version is needed."""
    delivered(url, 1, 1300)
    execute(url, "UPDATE seeker_leads_ledger_version SET version = version + 1")
    ended = tool(*arguments, status=2, ledger_url=url, auth_token="t")
    assert "newer version" in ended.stderr
    assert len(rows(url)) == 1


@pytest.mark.parametrize("arguments", COMMANDS)
def test_ledger_that_cannot_be_reached_is_one_line(tool: Tool, arguments: tuple[str, ...]) -> None:
    """It ends with 1 and names the place, without the password."""
    url = "postgresql://someone:s3cret@127.0.0.1:9/leads"
    ended = tool(*arguments, status=1, ledger_url=url, auth_token="t")
    assert "The ledger postgresql://someone@127.0.0.1:9/leads could not be opened" in ended.stderr
    assert "s3cret" not in ended.stderr


def test_some_other_file_is_not_a_ledger(tool: Tool, tmp_path: Path) -> None:
    """It is named, and stays as it is."""
    (tmp_path / "leads.csv").write_text("not a database at all, but a text that is long enough\n" * 100)
    ended = tool("stats", status=1, ledger_url=f"sqlite:///{tmp_path / 'leads.csv'}")
    assert "give `ledger_url` a file of its own" in ended.stderr


def test_export_of_a_crm_is_in_the_ledger_row_by_row(tool: Tool, run_target: TargetRunner, sandbox: Any) -> None:
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
    assert json.loads(tool("stats", "--json", **settings).stdout)["rows"] == 40
    keys = [line.partition(";")[0] for line in EXPORT.read_text("cp1252").splitlines() if line.startswith("C-")]
    assert len(keys) == 40
    statuses = [
        json.loads(
            tool("find", "--stream", "leads", "--key", json.dumps({"Réf. contact": key}), "--json", **settings).stdout
        )
        for key in keys
    ]
    assert sorted(each["status"] for each in statuses) == ["delivered"] * 34 + ["rejected"] * 6
