"""How the target reaches the API: token, User-Agent, patience; and that a long run says where it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import requests
from urllib3.util.retry import Retry

from seeker_leads_sandbox import FaultKind, Sandbox, SandboxOptions
from tests.posted_leads import on_post
from tests.singer_input import SCHEMA, record

if TYPE_CHECKING:
    from tests.conftest import TapRunner
    from tests.integration.conftest import TargetRunner


@pytest.mark.parametrize("sandbox_options", [SandboxOptions(leads=5, enforce_limit=False)], indirect=True)
def test_one_token_serves_tap_and_target(run_tap: TapRunner, run_target: TargetRunner, sandbox: Sandbox) -> None:
    """Both plugins use the same kept token, in every run, for its whole life."""
    access: dict[str, Any] = {
        "auth_token": None,
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "auth_url": sandbox.token_url,
    }
    for number in range(2):
        assert run_target([SCHEMA, record(number)], **access).error is None
        assert run_tap(**access).error is None
    assert sandbox.statistics.token_requests == 1
    assert len(sandbox.created) == 2


def test_every_request_says_who_asks_and_none_is_repeated_underneath(
    run_target: TargetRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Token requests and POSTs carry the `User-Agent`, and HTTP itself never sends one a second time."""
    seen: list[tuple[str, str, int | Retry]] = []
    send = requests.adapters.HTTPAdapter.send

    def watch(adapter: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        seen.append((request.path_url, request.headers["User-Agent"], adapter.max_retries))
        return send(adapter, request, **kwargs)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", watch)
    run_target(
        [SCHEMA, record(1)],
        auth_token=None,
        client_id="sandbox",
        client_secret="sandbox",
        auth_url=sandbox.token_url,
        user_agent="CRM/2.1",
    )
    assert {path for path, _, _ in seen} == {"/seeker-leads/v1/leads", "/oauth/token"}
    for _, agent, retries in seen:
        assert re.fullmatch(r"CRM/2\.1 target-seeker-leads/[\d.]+ singer-sdk/[\d.]+", agent)
        assert isinstance(retries, Retry)
        assert retries.total == 0


def test_long_run_says_where_it_is(run_target: TargetRunner, sandbox: Sandbox) -> None:
    """A run that takes longer than ten seconds says what it has done so far, and how fast against the limit."""
    sandbox.script(on_post(FaultKind.STATUS, status=503, retry_after=30, times=1))
    rows = [record(number) for number in range(40)]
    run = run_target([SCHEMA, *rows], max_concurrent_requests=1, rate_limit_requests=10)
    assert len([line for line in run.log if re.search(r"^\d+ created, .* of at most 50 leads/s$", line)]) == 1
    assert run.summary.startswith("40 created")
