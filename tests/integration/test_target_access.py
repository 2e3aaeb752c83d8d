"""How the target reaches the API: token, User-Agent and retries; and how a long run reports its progress."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
from urllib3.util.retry import Retry

from seeker_leads_sandbox import FaultKind, Sandbox, SandboxOptions
from tests.client_credentials import as_client
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from tests.tap_runs import TapRunner
    from tests.target_runs import TargetRunner


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(leads=5, enforce_limit=False)], indirect=True)
def test_one_token_serves_tap_and_target(run_tap: TapRunner, run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Both plugins use the same cached token, in every run, for its whole lifetime."""
    access = as_client(sandbox)
    for number in range(2):
        assert run_target([SCHEMA, record(number)], **access).error is None
        assert run_tap(**access).error is None
    assert sandbox.statistics.token_requests == 1
    assert len(sandbox.created) == 2


def test_every_request_has_a_user_agent_and_http_repeats_none(
    run_target: TargetRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Token requests and POSTs carry the `User-Agent`, and the HTTP layer never repeats one."""
    seen: list[tuple[str, str, int | Retry]] = []
    send = requests.adapters.HTTPAdapter.send

    def watch(adapter: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        seen.append((request.path_url, request.headers["User-Agent"], adapter.max_retries))
        return send(adapter, request, **kwargs)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watch)
    run_target([SCHEMA, record(1)], **as_client(sandbox), user_agent="CRM/2.1")
    assert {path for path, _, _ in seen} == {"/seeker-leads/v1/leads", "/oauth/token"}
    for _, agent, retries in seen:
        assert re.fullmatch(r"CRM/2\.1 target-seeker-leads/[\d.]+ singer-sdk/[\d.]+", agent)
        assert isinstance(retries, Retry)
        assert retries.total == 0


def test_long_run_reports_progress(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A run that takes longer than ten seconds reports what it has done so far, and its rate against the limit."""
    sandbox.script(on_post(FaultKind.STATUS, status=503, retry_after=30, times=1))
    rows = [record(number) for number in range(40)]
    run = run_target([SCHEMA, *rows], max_concurrent_requests=1, rate_limit_requests=10)
    assert len([line for line in run.log if re.search(r"^\d+ created, .* of at most 50 leads/s$", line)]) == 1
    assert run.summary.startswith("40 created")
