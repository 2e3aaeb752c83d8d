"""`seeker-leads webhooks` against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from seeker_leads_api.client import ApiClient
from seeker_leads_api.declarations import read
from seeker_leads_api.settings import CONNECTION_SETTINGS, ConnectionSettings
from seeker_leads_cli.main import main
from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from seeker_leads_webhooks.subscriptions.api import SubscriptionsApi
from seeker_leads_webhooks.subscriptions.ensure import ensure
from tests.webhook_calls import KEY, Called, receiving

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

#: The clock of this sandbox is behind the real time.
FOREVER = ("--stale-minutes", "10000000")
URL = "https://leads.example.com/hook"
Tool = Callable[..., Any]


@pytest.fixture
def tool(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Run a command of `webhooks` with the key and settings of the test."""
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"api_url": sandbox.api_url, "auth_token": sandbox.options.token, "max_retries": 2}))
    monkeypatch.setenv("SEEKER_LEADS_WEBHOOK_API_KEY", KEY)

    def run(*arguments: str, status: int = 0) -> Result:
        ended = CliRunner().invoke(main, ["webhooks", *arguments, "--config", str(config)])
        assert ended.exit_code == status, ended.output
        assert KEY not in ended.output
        return ended

    return run


def listed(tool: Tool) -> list[dict[str, str]]:
    items: list[dict[str, str]] = json.loads(tool("list", "--json").stdout)
    return items


def keys_of(sandbox: Sandbox) -> list[str]:
    return [each.api_key for each in sandbox._backend.subscriptions.all()]


def test_life_of_a_subscription(tool: Tool, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is created once, listed, paused, resumed, given another key and deleted; by id, by URL, or as the only one."""
    assert "There is no subscription" in tool("list").stdout
    (made,) = json.loads(tool("ensure", URL, "--json").stdout)
    assert (made["url"], made["status"]) == (URL, "ACTIVE")
    assert json.loads(tool("ensure", URL, "--json").stdout)[0]["id"] == made["id"]
    assert "INACTIVE" in tool("pause", made["id"]).stdout
    assert "INACTIVE" not in tool("resume", URL).stdout
    monkeypatch.setenv("SEEKER_LEADS_WEBHOOK_API_KEY", "another-key-for-tests")
    tool("rotate-key")
    assert keys_of(sandbox) == ["another-key-for-tests"]
    tool("delete", URL)
    assert listed(tool) == []


def test_query_of_a_url_is_never_shown(tool: Tool, sandbox: Sandbox) -> None:
    """It may contain a key; `{key}` is replaced by ours, so that it is not on a command line."""
    for is_json in ((), ("--json",)):
        text = tool("ensure", f"{URL}?key={{key}}", *is_json).output + tool("list", *is_json).output
        text += tool("audit", *FOREVER, *is_json).output
        assert f"{URL}?…" in text.replace("\\u2026", "…")
    assert [each.url for each in sandbox._backend.subscriptions.all()] == [f"{URL}?key={KEY}"]
    tool("delete", f"{URL}?key={{key}}")


def test_lost_answer_of_the_post_makes_no_second_one(tool: Tool, sandbox: Sandbox) -> None:
    """The POST is sent once, and the new subscription is found in the list."""
    sandbox.script(Fault(FaultKind.LOST_ANSWER, method="POST", times=1))
    tool("ensure", URL)
    assert len(listed(tool)) == 1
    assert sandbox.statistics.count(method="POST", path="/webhook/subscriptions") == 1


def test_refused_post_is_reported_without_the_key(tool: Tool, sandbox: Sandbox) -> None:
    """The API's answer may quote the key, so it is not shown."""
    body = json.dumps({"type": "x", "title": f"bad apiKey {KEY}", "detail": f"apiKey {KEY} in {URL}?a=s3cret"})
    sandbox.script(Fault(FaultKind.STATUS, method="POST", status=400, body=body))
    ended = tool("ensure", URL, status=1)
    assert "answered 400" in ended.stderr
    assert "s3cret" not in ended.stderr


def test_four_programs_at_once_leave_one_subscription(sandbox: Sandbox) -> None:
    """This holds for any order of their requests."""
    config = {"api_url": sandbox.api_url, "auth_token": sandbox.options.token, "rate_limit_requests": 1000}
    settings = ConnectionSettings.from_config(read(config, CONNECTION_SETTINGS))
    client = ApiClient(settings, "Tests/1", report=print)
    with ThreadPoolExecutor(4) as pool:
        for number in range(10):
            url = f"{URL}/{number}"
            for ended in [pool.submit(ensure, SubscriptionsApi(client), url, KEY) for _ in range(4)]:
                ended.result()
            assert len([each for each in SubscriptionsApi(client).list() if each.url == url]) == 1
    client.close()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ensure", "http://leads.example.com/"), "plain http"),
        (("pause",), "There is no subscription"),
        (("delete", "nobody"), "no subscription with this id or URL"),
        (("serve", "--run", "no-such-program"), "is not found"),
        (("serve", "--run", "true", "--auth", "nowhere"), "`--auth` must be"),
    ],
)
def test_wrong_use_ends_with_2(tool: Tool, arguments: tuple[str, ...], words: str) -> None:
    """The message is one line with the fix."""
    if arguments[0] == "serve":
        ended = CliRunner().invoke(main, ["webhooks", *arguments])
        assert ended.exit_code == 2
    else:
        ended = tool(*arguments, status=2)
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [("ensure", URL), ("rotate-key",), ("serve", "--run", "true")])
def test_missing_key_ends_with_2(arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key, anybody could call."""
    monkeypatch.setenv("SEEKER_LEADS_WEBHOOK_API_KEY", "")
    ended = CliRunner().invoke(main, ["webhooks", *arguments])
    assert ended.exit_code == 2
    assert "SEEKER_LEADS_WEBHOOK_API_KEY is not set" in ended.stderr


def test_settings_come_from_the_taps_variables(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Meltano sets these variables; if one is missing, the message names it."""
    for name in ("AUTH_TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"TAP_SEEKER_LEADS_{name}", "")
    monkeypatch.setenv("TAP_SEEKER_LEADS_API_URL", sandbox.api_url)
    ended = CliRunner().invoke(main, ["webhooks", "list"])
    assert (ended.exit_code, "auth_token" in ended.stderr) == (2, True)
    monkeypatch.setenv("TAP_SEEKER_LEADS_AUTH_TOKEN", sandbox.options.token)
    assert CliRunner().invoke(main, ["webhooks", "list"]).exit_code == 0


def test_audit_shows_calls_and_ends_with_1_after_a_problem(tool: Tool, sandbox: Sandbox) -> None:
    """It covers no subscription at all, one with a success, and an INACTIVE one."""
    assert "create one" in tool("audit", status=1).stderr
    called = Called()
    with receiving(called, "header:X-Api-Key") as port:
        tool("ensure", f"http://127.0.0.1:{port}/")
        sandbox.add_leads(1)
        while not json.loads(tool("audit", *FOREVER, "--json").stdout)[0]["events"]:
            pass
        text = tool("audit", *FOREVER, "--limit", "1").stdout
    assert "status: SUCCESS" in text
    assert "  OK" in text
    assert called.count == 1
    tool("pause")
    assert "PROBLEM: is INACTIVE" in tool("audit", status=1).stdout


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(accounts=2, enforce_limit=False)], indirect=True)
def test_account_of_many_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    """With `accounts`, `--account` says whose subscriptions are meant; its token is the one that is asked for."""
    accounts = [{"label": f"Agency {n}", "intermediary_id": f"agency-{n}"} for n in (1, 2)]
    config = tmp_path / "config.json"
    client = {"auth_url": sandbox.token_url, "client_id": "sandbox", "client_secret": "sandbox"}
    config.write_text(json.dumps({"api_url": sandbox.api_url, **client, "accounts": accounts}))

    def list_of(*account: str) -> Result:
        return CliRunner().invoke(main, ["webhooks", *account, "list", "--config", str(config)])

    assert list_of("--account", "Agency 2").exit_code == 0
    (record,) = [record for record in sandbox.statistics.records if record.path.endswith("subscriptions")]
    assert record.account == "agency-2"
    unnamed, unknown = list_of(), list_of("--account", "Agency 3")
    assert (unnamed.exit_code, unknown.exit_code) == (2, 2)
    assert "There are 2 accounts: name one" in unnamed.output
    assert "`accounts` has no label 'Agency 3'" in unknown.output
