"""The tap with several accounts: leads, selection and rate limits."""

from __future__ import annotations

import json
import re
import threading
import time
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_sandbox import Fault, FaultKind
from tap_seeker_leads.check_connection import connection_reports
from tap_seeker_leads.reading.account_reader import AccountReader
from tap_seeker_leads.settings import TapSettings
from tests.several_accounts import ISO_NOW, THREE, bookmarks, config, fill, read
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, TapRunner


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_leads_of_three_accounts_come_under_their_labels(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """Each lead has its account's label in column and key; each account has its own bookmark and token."""
    leads = fill(sandbox, 3)
    run = run_tap(**config(sandbox, 3))
    assert run.error is None
    assert read(run) == leads
    schema = next(message for message in run.messages if message["type"] == "SCHEMA")
    assert schema["key_properties"] == ["account", "leadId"]
    assert schema["schema"]["properties"]["account"]["type"] == ["string"]
    assert bookmarks(run.state) == dict.fromkeys(leads, ISO_NOW)
    assert sandbox.statistics.token_requests == 3


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_run_without_accounts_is_unchanged(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """Without `accounts`, the output has no such column, key or state entry, byte for byte."""
    (lead_id,) = sandbox.add_leads(ingestion_dates=[NOW - 100])
    run = run_tap(start_date="2026-11-20", refresh_days=0)
    schema = next(message for message in run.messages if message["type"] == "SCHEMA")
    assert (schema["key_properties"], next(iter(schema["schema"]["properties"]))) == (["leadId"], "leadId")
    assert [list(record)[:2] for record in run.records] == [["leadId", "ingestionDate"]]
    assert run.ids == [lead_id]
    assert json.dumps(run.state) == (
        '{"bookmarks": {"leads": {"last_lead_at": "2026-11-23T07:58:20Z", "replication_key": "ingestionDate",'
        ' "replication_key_value": "2026-11-23T08:00:00Z"}}}'
    )


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_each_account_is_refreshed(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """Erased leads are emitted again for each account within `refresh_days`."""
    leads = fill(sandbox, 3)
    state = run_tap(**config(sandbox, 3)).state
    gone = {label: min(ids) for label, ids in leads.items()}
    for number, lead_id in enumerate(gone.values(), start=1):
        sandbox.erase(lead_ids=[lead_id], account=f"agency-{number}")
    clock.now += 31 * 86_400
    run = run_tap(state=state, **config(sandbox, 3))
    erased = {record["account"]: record["leadId"] for record in run.records if record["isErased"]}
    assert erased == gone
    assert all(part["refresh"]["verified_since"] for part in run.state["bookmarks"]["leads"]["partitions"])


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_accounts_come_from_a_file(run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path) -> None:
    """`accounts_path` names a file with the list of accounts."""
    leads = fill(sandbox, 3)
    given = config(sandbox, 3)
    path = tmp_path / "accounts.json"
    path.touch(0o600)
    path.write_text(json.dumps(given.pop("accounts")))
    assert read(run_tap(**given, accounts_path=str(path))) == leads


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_selection_and_maps_apply_to_accounts(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """`stream_maps` can send an agency's leads to a stream of its own."""
    leads = fill(sandbox, 3)
    maps = {
        "one-leads": {"__source__": "leads", "__filter__": "account == 'Agency 1'"},
        "two-leads": {"__source__": "leads", "__filter__": "account == 'Agency 2'"},
        "leads": {"__filter__": "False"},
    }
    run = run_tap(**config(sandbox, 3, stream_maps=maps))
    assert run.error is None
    by_stream: dict[str, set[str]] = {}
    for message in run.messages:
        if message["type"] == "RECORD":
            by_stream.setdefault(message["stream"], set()).add(message["record"]["leadId"])
    assert by_stream == {"one-leads": leads["Agency 1"], "two-leads": leads["Agency 2"]}


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_test_asks_every_account(sandbox: Sandbox, clock: Clock) -> None:
    """`--test` says for each account whether its settings work, and fails if those of one do not."""
    sandbox.add_leads(ingestion_dates=[NOW - 100], account="agency-1")
    sandbox.script(Fault(FaultKind.STATUS, path="/oauth/token", account="agency-2", status=403))
    given = {name: value for name, value in config(sandbox, 3).items() if value is not None}
    settings = TapSettings.from_config({"api_url": sandbox.api_url, **given}, now=clock.now)
    lines: list[str] = []
    reports = connection_reports(settings, "test/1", report=lines.append, now=clock)
    with pytest.raises(FatalError, match="1 of 3 accounts do not work"):
        lines.extend(iter(lambda: next(reports), None))
    newest = "the newest lead is from 2026-11-23T07:58:20Z"
    assert f"Account Agency 1: The connection and the token work; {newest}" in lines[0]
    assert lines[1].startswith("Account Agency 2: No token from `auth_url`")
    assert "Account Agency 3: The connection and the token work; no lead since" in lines[2]


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_log_ends_with_a_table(run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """The log ends with a row per account: leads, requests, how far it is read, its longest wait, its error."""
    sandbox.add_leads(ingestion_dates=[NOW - 100, NOW - 200], account="agency-1")
    sandbox.script(Fault(FaultKind.STATUS, path="/oauth/token", account="agency-2", status=403))
    with caplog.at_level("INFO"):
        run_tap(**config(sandbox, 3))
    (table,) = [record.getMessage() for record in caplog.records if "Accounts of this run" in record.getMessage()]
    _, head, one, two, three = table.splitlines()
    assert head.split("  ")[0] == "account"
    assert re.match(rf"Agency 1 +2 +\d+ +{ISO_NOW} +[\d.]+ s$", one)
    assert re.match(r"Agency 2 +0 +0 +[\d.]+ s +No token from", two)
    assert re.match(rf"Agency 3 +0 +\d+ +{ISO_NOW} +[\d.]+ s$", three)


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
@pytest.mark.parametrize("scope", ["client", "account"])
def test_limit_is_for_all_accounts_or_for_each(run_tap: TapRunner, sandbox: Sandbox, scope: str) -> None:
    """`rate_limit_scope: client` applies one limit to all accounts together, `account` one to each."""
    fill(sandbox, 3)
    limit = {"rate_limit_requests": 1, "rate_limit_period_ms": 200, "refresh_days": 0}
    run = run_tap(**config(sandbox, 3, rate_limit_scope=scope, start_date="2026-11-22", **limit))
    assert run.error is None
    starts = sorted(record.started for record in sandbox.statistics.records if record.path == "/leads")
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    assert (min(gaps) > 0.15) == (scope == "client")


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_wait_of_one_account_does_not_delay_others(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """While an account's request waits for its next try, other accounts use its place."""
    leads = fill(sandbox, 3)
    sandbox.script(Fault(FaultKind.STATUS, account="agency-1", status=503))
    done: list[str] = []

    def before(stream: LeadsStream) -> None:
        def sleep(seconds: float) -> None:
            # The account waits until both others are read to the end.
            if seconds >= 0.25:
                until = time.monotonic() + 20
                while len(done) < 2 and time.monotonic() < until:
                    threading.Event().wait(0.01)

        stream.sleep = sleep
        end = AccountReader.end

        def noted(reader: AccountReader, error: BaseException | None = None) -> None:
            done.append(str(reader.label))
            end(reader, error)

        monkeypatch.setattr(AccountReader, "end", noted)

    with pytest.MonkeyPatch.context() as monkeypatch:
        run = run_tap(before=before, **config(sandbox, 3, max_concurrent_requests=1, max_retries=1))
    assert done[2:] == ["Agency 1"]
    assert read(run) == {label: ids for label, ids in leads.items() if label != "Agency 1"}
