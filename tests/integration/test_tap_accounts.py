"""Many accounts in one run: every lead has its label, and each account has its own bookmark and its own end."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_sandbox import Fault, FaultKind, SandboxOptions
from seeker_leads_singer.stdout import StdoutLostError
from tap_seeker_leads.check_connection import connection_reports
from tap_seeker_leads.reading.account_reader import AccountReader
from tap_seeker_leads.settings import TapSettings
from tests.conftest import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_sandbox import Sandbox
    from tap_seeker_leads.streams import LeadsStream
    from tests.conftest import Clock, Run, TapRunner

THREE = SandboxOptions(accounts=3, enforce_limit=False)
FIFTY = SandboxOptions(accounts=50, enforce_limit=False)
ISO_NOW = "2026-11-23T08:00:00Z"


def config(sandbox: Sandbox, count: int, **more: Any) -> dict[str, Any]:
    accounts = [{"label": f"Agency {n}", "intermediary_id": f"agency-{n}"} for n in range(1, count + 1)]
    return {
        "auth_token": None,
        "auth_url": sandbox.token_url,
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "start_date": "2026-11-01",
        "accounts": accounts,
        **more,
    }


def bookmarks(state: dict[str, Any]) -> dict[str, str | None]:
    partitions = state["bookmarks"]["leads"].get("partitions", [])
    return {part["context"]["account"]: part.get("replication_key_value") for part in partitions}


def fill(sandbox: Sandbox, count: int, leads: int = 5) -> dict[str, set[str]]:
    """Add leads of the last weeks to each account; return their ids by label."""
    return {
        f"Agency {n}": set(
            sandbox.add_leads(
                ingestion_dates=[NOW - 3600 * (number + 1) * n for number in range(leads)], account=f"agency-{n}"
            )
        )
        for n in range(1, count + 1)
    }


def read(run: Run) -> dict[str, set[str]]:
    assert max(Counter((record["account"], record["leadId"]) for record in run.records).values(), default=1) == 1
    labels = {record["account"] for record in run.records}
    return {label: {each["leadId"] for each in run.records if each["account"] == label} for label in labels}


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
def test_next_run_continues_from_each_bookmark(run_tap: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """A later run emits the new leads of each account, with few requests and no new token."""
    fill(sandbox, 3)
    state = run_tap(**config(sandbox, 3)).state
    clock.now += 40_000
    new = sandbox.add_leads(ingestion_dates=[clock.now - 10], account="agency-2")
    sandbox.add_leads(ingestion_dates=[clock.now - 20_000], account="agency-1")
    sandbox.add_leads(ingestion_dates=[clock.now - 20_000], account="agency-3")
    sandbox.statistics.reset()
    run = run_tap(state=state, **config(sandbox, 3, lookback_seconds=0))
    assert read(run)["Agency 2"] == set(new)
    assert bookmarks(run.state) == dict.fromkeys(["Agency 1", "Agency 2", "Agency 3"], "2026-11-23T19:06:40Z")
    assert sandbox.statistics.token_requests == 0
    assert sandbox.statistics.requests <= 6  # one more finds out whether a page without a sign of another is the last


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_account_that_is_gone_keeps_its_state(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """An account that is no longer in the list is not read, and continues from its bookmark once it is back."""
    fill(sandbox, 3)
    state = run_tap(**config(sandbox, 3)).state
    run = run_tap(state=state, **config(sandbox, 2))
    assert run.state["bookmarks"]["leads"]["partitions"][2] == state["bookmarks"]["leads"]["partitions"][2]


@pytest.mark.parametrize("sandbox_options", [FIFTY], indirect=True)
def test_failing_accounts_end_alone(run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """If one account is refused, one always gets 500 and one is slow, two are named and all others are read to now."""
    leads = fill(sandbox, 50)
    sandbox.script(
        Fault(FaultKind.STATUS, path="/oauth/token", account="agency-7", status=403, body='{"error":"access_denied"}'),
        Fault(FaultKind.STATUS, account="agency-8"),
        Fault(FaultKind.SLOW, account="agency-9", delay_ms=300),
    )
    with caplog.at_level("INFO"):
        run = run_tap(**config(sandbox, 50, max_retries=3))
    failed = {"Agency 7", "Agency 8"}
    assert read(run) == {label: ids for label, ids in leads.items() if label not in failed}
    assert bookmarks(run.state) == {label: ISO_NOW for label in leads if label not in failed}
    assert str(run.error).startswith("2 of 50 accounts could not be read to the end. Agency ")
    assert "Agency 7: No token from `auth_url`: it answered 403 (access_denied)" in str(run.error)
    assert "Agency 8: GET /leads answered 500" in str(run.error)
    assert "agency-" not in caplog.text.replace("seeker", "")
    again = run_tap(state=run.state, **config(sandbox, 50, max_retries=0))
    assert str(again.error).startswith("2 of 50 accounts")
    sandbox.script()
    healed = run_tap(state=again.state, **config(sandbox, 50))
    assert healed.error is None
    assert {label: ids for label, ids in read(healed).items() if label in failed} == {
        label: leads[label] for label in failed
    }
    assert bookmarks(healed.state) == dict.fromkeys(leads, ISO_NOW)


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_account_that_fails_midway_keeps_what_was_finished(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """The bookmark of a failed account is the end of what was read before; the next run emits the rest."""
    leads = fill(sandbox, 3)
    sandbox.script(Fault(FaultKind.STATUS, account="agency-2", after=1))
    run = run_tap(**config(sandbox, 3, max_retries=0, max_concurrent_requests=1))
    value = bookmarks(run.state)["Agency 2"]
    assert value is not None
    assert "2026-11-01" < value < ISO_NOW
    sandbox.script()
    rest = run_tap(state=run.state, **config(sandbox, 3, lookback_seconds=0))
    assert read(run).get("Agency 2", set()) | read(rest)["Agency 2"] == leads["Agency 2"]


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


SINGLE = {"bookmarks": {"leads": {"replication_key": "ingestionDate", "replication_key_value": ISO_NOW}}}
MANY = {
    "bookmarks": {"leads": {"partitions": [{"context": {"account": "Agency 1"}, "replication_key_value": ISO_NOW}]}}
}


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
@pytest.mark.parametrize(("state", "count"), [(SINGLE, 3), (MANY, 0)], ids=["of one account", "of many"])
def test_state_of_the_other_form_is_refused(
    run_tap: TapRunner, sandbox: Sandbox, state: dict[str, Any], count: int
) -> None:
    """A state of the other form ends the run before any request, since it would change the key of a table."""
    given = config(sandbox, count) if count else {"start_date": "2026-11-01"}
    with pytest.raises(SettingsError, match=r"new state ID .* new schema"):
        run_tap(state=state, **given)
    assert sandbox.statistics.requests == 0


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
@pytest.mark.parametrize(
    ("partitions", "words"),
    [
        ({}, "must be a list"),
        ([{"replication_key_value": ISO_NOW}], r"has no `context`"),
        ([{"context": {"account": 1}}], r"has no `context`"),
        ([{"context": {"account": "a"}}, {"context": {"account": "a"}}], "'a' twice"),
        ([{"context": {"account": "a"}, "last_lead_at": ISO_NOW}], "not `replication_key_value`"),
        ([{"context": {"account": "Agency 2"}, "replication_key_value": "soon"}], "'Agency 2'.* is not an ISO 8601"),
    ],
)
def test_odd_state_of_many_accounts_is_refused(
    run_tap: TapRunner, sandbox: Sandbox, partitions: object, words: str
) -> None:
    """A malformed state never means "from the start"."""
    with pytest.raises(SettingsError, match=words):
        run_tap(state={"bookmarks": {"leads": {"partitions": partitions or {"0": {}}}}}, **config(sandbox, 3)).check()
    assert sandbox.statistics.requests == 0


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
def test_state_is_written_once_a_second_for_all_accounts(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """For any number of accounts, at most one STATE is written per second, and one at the end."""
    fill(sandbox, 3, leads=300)
    run = run_tap(before=lambda stream: setattr(stream, "monotonic", lambda: 1.0), **config(sandbox, 3))
    assert len(run.states) == 2


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_signal_before_the_last_state_does_not_cut_it(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A signal that comes once all is read lets the last STATE be written, which may be longer than a pipe takes."""
    leads = fill(sandbox, 3)

    def signalled_at_the_end(stream: LeadsStream) -> None:
        finalize = stream.state_manager.finalize_state

        def finalize_state(state: dict[str, Any] | None = None) -> None:
            if stream.state_manager.finalize_state is finalize_state:
                stream.state_manager.finalize_state = finalize  # type: ignore[method-assign]
                stream.stop(15)
            finalize(state)

        stream.state_manager.finalize_state = finalize_state  # type: ignore[method-assign]

    run = run_tap(before=signalled_at_the_end, **config(sandbox, 3))
    assert run.error is None
    assert bookmarks(run.state) == dict.fromkeys(leads, ISO_NOW)


@pytest.mark.parametrize("sandbox_options", [THREE], indirect=True)
def test_lost_output_ends_the_run_and_blames_no_account(
    run_tap: TapRunner, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    """If a STATE cannot be written, the run ends at once: nothing may be written after it."""

    def fail() -> None:
        raise StdoutLostError

    with caplog.at_level("INFO"):
        run = run_tap(before=lambda stream: setattr(stream, "_write_state_message", fail), **config(sandbox, 3))
    assert isinstance(run.error, StdoutLostError)
    assert "3 accounts with" in caplog.text
    assert "none failed" in caplog.text


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
@pytest.mark.parametrize(
    "more",
    [{"flattening_enabled": True, "flattening_max_depth": 1}, {"stream_maps": {"leads": {"extra": None}}}],
    ids=["flattened", "mapped"],
)
def test_next_run_of_mapped_accounts_reads_each_lead_once(
    run_tap: TapRunner, sandbox: Sandbox, more: dict[str, Any]
) -> None:
    """With a map or flattening too, a run that continues reads all accounts once, not once for each bookmark."""
    leads = fill(sandbox, 3)
    given = config(sandbox, 3, refresh_days=0, lookback_seconds=86_400, **more)
    state = run_tap(**given).state
    sandbox.statistics.reset()
    run = run_tap(state=state, **given)
    assert run.error is None
    assert read(run) == leads
    assert sandbox.statistics.requests <= 6


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
