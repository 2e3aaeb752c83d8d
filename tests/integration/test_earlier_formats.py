"""Files written by an earlier version (state, token cache, ledger and dead letters) continue to work."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_sandbox import SandboxOptions
from tests.ledger_tools import execute, rows
from tests.posted_leads import created_names
from tests.tap_runs import NOW

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.tap_runs import Clock, TapRunner
    from tests.target_runs import TargetRunner

EARLIER = Path(__file__).parents[1] / "fixtures" / "v0_1"
(TOKEN_FILE,) = EARLIER.glob("token-*.json")
TOKEN = json.loads(TOKEN_FILE.read_text("utf-8"))["access_token"]
ACCESS: dict[str, Any] = {
    "auth_token": None,
    "client_id": "client-of-the-fixtures",
    "client_secret": "not-a-secret",
    "intermediary_id": "agency-1",
    "api_url": "http://127.0.0.1:9/seeker-leads/v1",
    "auth_url": "http://127.0.0.1:9/oauth/token",
}
#: The result of each input with the earlier ledger, by `on_unknown_outcome`.
OUTCOMES = {
    "delivered": ("skipped as delivered before",) * 2,
    "delivered_under_an_odd_key": ("skipped as delivered before",) * 2,
    "delivered_after_a_resend": ("skipped as delivered before",) * 2,
    "rejected_by_the_api": ("skipped as rejected before",) * 2,
    "rejected_by_the_contract": ("skipped as rejected before",) * 2,
    "unknown": ("skipped as unknown before",) * 2,
    "unknown_after_a_resend": ("skipped as unknown before",) * 2,
    "given_up": ("created", "of unknown outcome"),
    "killed": ("created", "of unknown outcome"),
}


@pytest.fixture
def sandbox_options() -> SandboxOptions:
    """The sandbox accepts the client and the token of the files."""
    return SandboxOptions(enforce_limit=False, client_id=ACCESS["client_id"], client_secret="not-a-secret", token=TOKEN)


@pytest.fixture(autouse=True)
def same_address(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the sandbox as a proxy: URLs are part of the files, and their port may be in use."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", sandbox.url)


@pytest.fixture
def run_target(run_target: TargetRunner, url: str) -> TargetRunner:
    """Run the target with an earlier ledger of each kind."""
    if url.startswith("sqlite"):
        shutil.copy(EARLIER / "ledger.db", run_target.ledger_path)
    else:
        run_target.config["ledger_url"] = url
        execute(url, (EARLIER / "ledger.sql").read_text("utf-8"))
    run_target.config |= ACCESS
    return run_target


def sent_then(name: str) -> bytes:
    """Return the input of the earlier run."""
    return (EARLIER / "singer_input" / f"{name}.jsonl").read_bytes()


def letters() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EARLIER / "rejects.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", ["tap_state", "tap_state_beside_another_stream"])
def test_state_of_an_earlier_version_is_continued(
    run_tap: TapRunner, sandbox: Sandbox, clock: Clock, name: str
) -> None:
    """A run continues at the bookmark's exact second, and keeps the state of other streams."""
    state = json.loads((EARLIER / f"{name}.json").read_text("utf-8"))
    clock.now = NOW + 60
    _, *new = sandbox.add_leads(ingestion_dates=[NOW - 1, NOW, NOW + 1])
    run = run_tap(state=state, start_date="2026-10-01", lookback_seconds=0)
    assert sorted(run.ids) == sorted(new)
    leads: dict[str, Any] = {"replication_key": "ingestionDate", "replication_key_value": "2026-11-23T08:01:00Z"}
    # Added by this version:
    leads["last_lead_at"] = "2026-11-23T08:00:01Z"
    leads["refresh"] = {
        "next": "2026-10-01T00:00:00Z",
        "cycle_started_at": "2026-11-23T08:01:00Z",
        "verified_since": None,
    }
    assert run.state == {"bookmarks": {**state["bookmarks"], "leads": leads}}


@pytest.mark.parametrize("is_there", [True, False])
def test_token_of_an_earlier_version_is_used(
    run_tap: TapRunner, sandbox: Sandbox, tmp_path: Path, *, is_there: bool
) -> None:
    """A token stored by an earlier version is found by its name, and no other is requested."""
    folder = tmp_path / "cache" / "seeker-leads"
    folder.mkdir(parents=True)
    if is_there:
        shutil.copy(TOKEN_FILE, folder)
    assert run_tap(start_date="2026-11-20", **ACCESS).error is None
    assert sandbox.statistics.token_requests == (0 if is_there else 1)
    assert [path.name for path in folder.glob("*.json")] == [TOKEN_FILE.name]


def test_every_input_has_its_outcome() -> None:
    """No input of the earlier runs is missing from the table of outcomes."""
    assert {path.stem for path in (EARLIER / "singer_input").iterdir()} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_ledger_of_an_earlier_version_decides_the_same(
    run_target: TargetRunner, sandbox: Sandbox, url: str, name: str, policy: str
) -> None:
    """The same input leads to the decision of its row; a skipped record leaves the row unchanged."""
    url = run_target.config.get("ledger_url", f"sqlite:///{run_target.ledger_path}")
    before, messages = rows(url), sent_then(name)
    count = messages.count(b'"RECORD"')
    outcome = OUTCOMES[name][policy == "reject"]
    rehearsed = run_target(messages, on_unknown_outcome=policy, dry_run=True)
    run = run_target(messages, on_unknown_outcome=policy)
    assert f"{count} {outcome}" in run.summary
    assert f"{count} {outcome}" in rehearsed.summary
    assert len(sandbox.created) == (count if outcome == "created" else 0)
    assert len(run.rejects) == (count if outcome == "of unknown outcome" else 0)
    changed = [row[3:] for row in rows(url) if row not in before]
    if outcome == "created":
        assert [(status, resends) for status, _, resends in changed] == [("delivered", 1)] * count
    else:
        assert changed == [("unknown", None, 0)] * (count if outcome == "of unknown outcome" else 0)


def test_dead_letters_of_an_earlier_version_are_sent(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Letters are sent if they are fed again unchanged, unless they break the contract; corrected ones are sent too."""
    given = letters()
    broken = [letter for letter in given if "email" not in letter["record"]]
    run = run_target((EARLIER / "rejects.jsonl").read_bytes())
    assert f"{len(given) - len(broken)} created" in run.summary
    assert f"{len(broken)} rejected" in run.summary
    fixed = [{**letter, "record": {**letter["record"], "email": "jane@example.com"}} for letter in broken]
    assert f"{len(broken)} created" in run_target(fixed).summary
    assert created_names(sandbox) == sorted(letter["record"]["last_name"] for letter in given)


def test_dead_letters_of_an_earlier_version_are_added_to(run_target: TargetRunner) -> None:
    """New letters are appended to the earlier ones, in the same format."""
    shutil.copy(EARLIER / "rejects.jsonl", run_target.rejects_path)
    given = letters()
    broken = next(letter for letter in given if "email" not in letter["record"])
    run = run_target([broken])
    assert run.rejects[:-1] == given
    assert {**run.rejects[-1], "at": broken["at"]} == broken
