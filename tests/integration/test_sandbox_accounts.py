"""The sandbox with many accounts: leads, creations, faults and limits of each agency."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.smallest_lead import LEAD

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def agencies() -> Iterator[Sandbox]:
    with Sandbox.start(SandboxOptions(accounts=2, leads=10, days=3, enforce_limit=False)) as sandbox:
        yield sandbox


def token_for(sandbox: Sandbox, account: str | None) -> requests.Response:
    asked = {
        "client_id": "sandbox",
        "client_secret": "sandbox",
        "grant_type": "client_credentials",
        "audience": sandbox.api_url,
        **({} if account is None else {"intermediary_id": account}),
    }
    return requests.post(sandbox.token_url, json=asked, headers={"User-Agent": "test/1"}, timeout=10)


def call(sandbox: Sandbox, account: str | None, **options: Any) -> requests.Response:
    token = token_for(sandbox, account).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "test/1"}
    if "json" in options:
        return requests.post(f"{sandbox.api_url}/leads", headers=headers, timeout=10, **options)
    now = int(time.time())
    query = {"minDate": now - 5 * 86_400, "maxDate": now}
    return requests.get(f"{sandbox.api_url}/leads", params=query, headers=headers, timeout=10)


def ids(response: requests.Response) -> set[str]:
    return {item["metadata"]["leadId"] for item in response.json()["items"]} if response.status_code == 200 else set()


def test_each_agency_has_leads_of_its_own(agencies: Sandbox) -> None:
    """A token lists the leads of its agency; the client's own account has none of them."""
    one, two = ids(call(agencies, "agency-1")), ids(call(agencies, "agency-2"))
    assert (len(one), len(two), one & two) == (5, 5, set())
    assert ids(call(agencies, None)) == set()
    (new,) = agencies.add_leads(1, account="agency-2")
    assert ids(call(agencies, "agency-2")) == {*two, new}


def test_unknown_agency_gets_no_token(agencies: Sandbox) -> None:
    """The client acts only for the existing agencies."""
    assert (token_for(agencies, "agency-3").status_code, token_for(agencies, "agency-2").status_code) == (403, 200)


def test_created_lead_is_the_agencys(agencies: Sandbox) -> None:
    """A lead created with an agency's token is listed only there."""
    assert call(agencies, "agency-1", json=LEAD).status_code == 200
    assert (len(agencies.created_for("agency-1")), len(agencies.created_for("agency-2"))) == (1, 0)
    assert len(agencies.store_of("agency-1").all()) == 6


def test_fault_hits_one_agency_alone(agencies: Sandbox) -> None:
    """`account` limits a fault to one agency's requests, including token requests."""
    agencies.script(Fault(FaultKind.STATUS, account="agency-1", status=503))
    assert (call(agencies, "agency-1").status_code, call(agencies, "agency-2").status_code) == (503, 200)
    agencies.script(Fault(FaultKind.STATUS, account="agency-1", path="/oauth/token", status=403))
    assert (token_for(agencies, "agency-1").status_code, token_for(agencies, "agency-2").status_code) == (403, 200)


def test_slow_answer_is_whole(agencies: Sandbox) -> None:
    """`slow` does the work after `delay_ms`."""
    agencies.script(Fault(FaultKind.SLOW, path="/leads", delay_ms=300))
    began = time.monotonic()
    assert len(ids(call(agencies, "agency-1"))) == 5
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize("by_account", [False, True])
def test_limit_is_for_all_or_for_each(*, by_account: bool) -> None:
    """Without `limit_by_account`, the requests of all agencies count together."""
    options = SandboxOptions(
        accounts=2, rate_limit_requests=1, rate_limit_period_ms=60_000, limit_by_account=by_account
    )
    with Sandbox.start(options) as sandbox:
        statuses = [call(sandbox, account).status_code for account in ("agency-1", "agency-2", "agency-2")]
    assert statuses == ([404, 404, 429] if by_account else [404, 429, 429])
