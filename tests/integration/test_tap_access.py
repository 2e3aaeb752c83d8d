"""How the tap gets, keeps and renews its access."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, cast

import pytest
import requests

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.client_credentials import as_client
from tests.token_faults import TEMPORARY_TOKEN_FAULTS, name_of

if TYPE_CHECKING:
    from tap_seeker_leads.streams import LeadsStream
    from tests.tap_runs import Clock, Run, TapRunner

HOUR = 3600


@pytest.fixture
def run_with_credentials(run_tap: TapRunner, sandbox: Sandbox) -> TapRunner:
    run_tap.config = {**as_client(sandbox), "start_date": "2026-11-20"}
    return run_tap


def complete(run: Run, sandbox: Sandbox) -> bool:
    return run.error is None and sorted(run.ids) == sorted(set(run.ids)) and len(run.ids) == len(sandbox.store)


def test_one_token_for_all_runs(run_with_credentials: TapRunner, sandbox: Sandbox, clock: Clock) -> None:
    """The token is requested as JSON with the audience, once for all runs of its lifetime."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR])
    runs = [run_with_credentials() for _ in range(3)]
    assert all(complete(run, sandbox) for run in runs)
    assert sandbox.statistics.token_requests == 1


def test_without_cache_each_run_asks_once(run_with_credentials: TapRunner, sandbox: Sandbox) -> None:
    """With `token_cache: false`, no file is kept, and each run requests one token."""
    for _ in range(2):
        assert run_with_credentials(token_cache=False).error is None
    assert sandbox.statistics.token_requests == 2


def test_token_revoked_in_mid_run_is_renewed_once(
    run_with_credentials: TapRunner, sandbox: Sandbox, clock: Clock
) -> None:
    """A refused token in the middle of a run costs one token request, and no lead."""
    sandbox.add_leads(ingestion_dates=[clock.now - HOUR] * 450)
    sandbox.script(Fault(FaultKind.REVOKE_TOKEN, after=2, times=1))
    run = run_with_credentials()
    assert complete(run, sandbox)
    assert sandbox.statistics.token_requests == 2


def test_cached_token_that_was_revoked_is_replaced(run_with_credentials: TapRunner, sandbox: Sandbox) -> None:
    """A refused token does not stay in the cache."""
    run_with_credentials()
    sandbox.revoke_tokens()
    for _ in range(2):
        assert run_with_credentials().error is None
    assert sandbox.statistics.token_requests == 2


def test_right_granted_after_the_token_takes_a_new_one(run_with_credentials: TapRunner, sandbox: Sandbox) -> None:
    """A 403 that names a missing scope is answered with one new token."""
    sandbox.script(Fault(FaultKind.MISSING_SCOPE, times=1))
    assert run_with_credentials().error is None
    assert sandbox.statistics.token_requests == 2


def test_right_that_is_still_missing_ends_the_run(run_with_credentials: TapRunner, sandbox: Sandbox) -> None:
    """After one renewal for a refusal, the run ends and says which right to request."""
    sandbox.script(Fault(FaultKind.MISSING_SCOPE))
    error = str(run_with_credentials().error)
    assert "403" in error
    assert "scope" in error
    assert sandbox.statistics.token_requests == 2


def test_refused_token_of_the_user_ends_the_run(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """A token from the settings cannot be renewed: the error names the setting, not the token."""
    run = run_tap(auth_token="wrong-token")
    assert "`auth_token`" in str(run.error)
    assert "wrong-token" not in str(run.error)
    assert sandbox.statistics.requests <= 10  # those that were under way


@pytest.mark.parametrize(("setting", "value"), [("client_id", "stranger"), ("client_secret", "wrong-secret")])
def test_refused_credentials_end_the_run(
    run_with_credentials: TapRunner, sandbox: Sandbox, setting: str, value: str
) -> None:
    """Wrong credentials are tried once, and the error names the settings, not their values."""
    run = run_with_credentials(**cast("dict[str, Any]", {setting: value}))
    assert "`client_secret`" in str(run.error)
    assert value not in str(run.error)
    assert (sandbox.statistics.token_requests, sandbox.statistics.requests) == (1, 0)


@pytest.mark.parametrize("fault", TEMPORARY_TOKEN_FAULTS, ids=name_of)
def test_passing_fault_of_the_auth_host_is_retried(
    run_with_credentials: TapRunner, sandbox: Sandbox, fault: Fault
) -> None:
    """The token request is retried after the same faults as any other request."""
    sandbox.script(fault)
    # A wait of a second is allowed only if the answer asks for it.
    timeout_seconds = 1 if fault.kind is FaultKind.TIMEOUT else 60
    assert run_with_credentials(request_timeout_seconds=timeout_seconds).error is None
    assert sandbox.statistics.token_requests == (fault.times or 0) + 1


def test_user_agent_is_on_every_request(run_with_credentials: TapRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """API and token requests carry a `User-Agent`, the user's own first, since the firewall requires one."""
    seen: list[tuple[str, str]] = []
    send = requests.adapters.HTTPAdapter.send

    def watch(adapter: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        seen.append((request.path_url.partition("?")[0], request.headers["User-Agent"]))
        return send(adapter, request, **kwargs)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watch)
    assert run_with_credentials(user_agent="CRM/2.1").error is None
    assert {path for path, _ in seen} == {"/seeker-leads/v1/leads", "/oauth/token"}
    assert all(re.fullmatch(r"CRM/2\.1 tap-seeker-leads/[\d.]+ singer-sdk/[\d.]+", agent) for _, agent in seen)


# A busy machine may delay a request for longer than a network does.
@pytest.mark.parametrize("sandbox_options", [SandboxOptions(enforce_limit=True, jitter_ms=150)], indirect=True)
def test_documented_limit_is_kept(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """With its defaults, the tap never gets a 429, and never starts more than 10 requests in 200 ms."""
    run = run_tap(start_date="2026-06-01", rate_limit_requests=10)
    assert run.error is None
    assert sandbox.statistics.requests == 26
    assert sandbox.statistics.by_status.get(429) is None
    assert sandbox.statistics.over_limit_beyond_jitter == 0


def test_retries_count_against_the_limit(run_tap: TapRunner, sandbox: Sandbox) -> None:
    """Every attempt takes a permit, including failing ones."""
    sandbox.script(Fault(FaultKind.STATUS, status=503, times=24))

    def keep_real_time(stream: LeadsStream) -> None:
        stream.monotonic = time.monotonic

    run = run_tap(start_date="2026-11-20", rate_limit_requests=10, max_retries=30, before=keep_real_time)
    assert run.error is None
    assert sandbox.statistics.requests == 25
    assert sandbox.statistics.over_limit_beyond_jitter == 0
