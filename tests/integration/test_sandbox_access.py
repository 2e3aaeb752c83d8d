from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from urllib3.util import SKIP_HEADER

from seeker_leads_sandbox import RetryAfter, Sandbox, SandboxOptions

NOW = 1_750_000_000
HEADERS = {"Authorization": "Bearer sandbox-token"}
PERIOD = {"minDate": NOW - 60, "maxDate": NOW}
CREDENTIALS = {
    "client_id": "sandbox",
    "client_secret": "sandbox",
    "grant_type": "client_credentials",
    "audience": "https://example.org",
}


def get(sandbox: Sandbox, path: str = "/leads", **headers: Any) -> requests.Response:
    return requests.get(sandbox.api_url + path, params=PERIOD, headers={**HEADERS, **headers}, timeout=5)


@pytest.mark.parametrize("path", ["/leads", "/nowhere"])
@pytest.mark.parametrize("user_agent", [SKIP_HEADER, ""])
def test_without_user_agent_the_firewall_answers(path: str, user_agent: str) -> None:
    """A request without User-Agent gets an HTML page without a problem body, whatever its path."""
    with Sandbox.start() as sandbox:
        response = get(sandbox, path, **{"User-Agent": user_agent})

    assert response.status_code == 403
    assert response.headers["Content-Type"].startswith("text/html")


def test_every_answer_is_dated_by_the_sandboxs_clock() -> None:
    """`Date` is the time of the clock that dates leads, not the machine's: on pages, problems and HTML pages."""
    with Sandbox.start(clock=lambda: NOW) as sandbox:
        empty = get(sandbox)
        sandbox.add_leads(1)
        answers = [empty, get(sandbox), get(sandbox, "/nowhere"), get(sandbox, Authorization="Bearer wrong")]

    assert [answer.status_code for answer in answers] == [404, 200, 404, 401]
    assert [parsedate_to_datetime(answer.headers["Date"]).timestamp() for answer in answers] == [NOW] * 4


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", "Basic sandbox-token", "sandbox-token"])
def test_without_a_valid_token_the_answer_is_401(authorization: str | None) -> None:
    """A request without a valid bearer token gets a 401 problem."""
    with Sandbox.start() as sandbox:
        response = get(sandbox, Authorization=authorization)

    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "traceparent" in response.headers


def test_credentials_get_a_token_that_works_until_it_expires() -> None:
    """A token from /oauth/token is valid for its lifetime; token requests are counted separately."""
    now = [float(NOW)]
    options = SandboxOptions(token_lifetime_seconds=100)
    with Sandbox.start(options, clock=lambda: now[0]) as sandbox:
        answer = requests.post(sandbox.token_url, json=CREDENTIALS, timeout=5).json()
        bearer = f"Bearer {answer['access_token']}"
        assert (answer["expires_in"], answer["token_type"]) == (100, "Bearer")
        assert sandbox.issued_tokens == [answer["access_token"]]
        assert get(sandbox, Authorization=bearer).status_code == 404  # the period is empty

        now[0] += 100
        assert get(sandbox, Authorization=bearer).status_code == 401
        assert (sandbox.statistics.token_requests, sandbox.statistics.requests) == (1, 2)


@pytest.mark.parametrize(
    ("request_arguments", "status", "error"),
    [
        ({"data": CREDENTIALS}, 400, "invalid_request"),
        ({"json": []}, 400, "invalid_request"),
        ({"data": "{", "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        ({"json": {**CREDENTIALS, "audience": ""}}, 400, "invalid_request"),
        ({"json": {**CREDENTIALS, "grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"json": {**CREDENTIALS, "client_secret": "wrong"}}, 401, "invalid_client"),
    ],
)
def test_wrong_token_requests_are_refused(request_arguments: dict[str, Any], status: int, error: str) -> None:
    """A form body, missing fields, another grant and wrong credentials get an OAuth error and no token."""
    with Sandbox.start() as sandbox:
        response = requests.post(sandbox.token_url, timeout=5, **request_arguments)

        assert (response.status_code, response.json()["error"]) == (status, error)
        assert sandbox.issued_tokens == []


def test_revoked_tokens_can_be_replaced() -> None:
    """After a revocation, the old token is refused and a new one is accepted."""
    with Sandbox.start() as sandbox:
        sandbox.revoke_tokens()
        token = requests.post(sandbox.token_url, json=CREDENTIALS, timeout=5).json()["access_token"]

        assert get(sandbox).status_code == 401
        assert get(sandbox, Authorization=f"Bearer {token}").status_code == 404


@pytest.mark.parametrize("path", ["/lead", "/leads/", "/leads/a/b", ""])
def test_a_wrong_url_does_not_look_like_an_empty_period(path: str) -> None:
    """An unknown path is a 404 without a problem body."""
    with Sandbox.start() as sandbox:
        response = get(sandbox, path)

    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_wrong_method_is_a_405() -> None:
    """The answer lists the allowed methods."""
    with Sandbox.start() as sandbox:
        response = requests.put(sandbox.api_url + "/leads", headers=HEADERS, timeout=5)

    assert response.status_code == 405
    assert response.headers["Allow"] == "GET,POST"
    assert response.json()["status"] == 405


@pytest.mark.parametrize("form", RetryAfter)
def test_the_eleventh_request_in_a_period_is_refused(form: RetryAfter) -> None:
    """Ten requests pass, the next gets 429 with the dialect's `Retry-After`, and a later one passes again."""
    elapsed = [0.0]
    options = SandboxOptions(retry_after=form)
    with Sandbox.start(options, clock=lambda: NOW, monotonic=lambda: elapsed[0]) as sandbox:
        passed = [get(sandbox).status_code for _ in range(10)]
        refused = get(sandbox)
        elapsed[0] = 0.2
        after = get(sandbox)

        assert passed == [404] * 10
        assert (refused.status_code, after.status_code) == (429, 404)
        assert sandbox.statistics.by_status == {404: 11, 429: 1}
        assert (sandbox.statistics.max_starts_in_period, sandbox.statistics.over_limit) == (11, 1)
    retry_after = refused.headers.get("Retry-After")
    if form is RetryAfter.SECONDS:
        assert retry_after == "1"
    elif form is RetryAfter.DATE:
        assert retry_after is not None
        assert parsedate_to_datetime(retry_after).timestamp() == NOW + 1
    else:
        assert retry_after is None


@pytest.mark.parametrize(("options", "refused"), [({}, 5), ({"limit_post": False}, 0), ({"enforce_limit": False}, 0)])
def test_creating_has_a_separate_limit(options: dict[str, Any], refused: int) -> None:
    """POSTs are limited like GETs but separately, or not at all, as the options say."""
    with Sandbox.start(SandboxOptions(**options), monotonic=lambda: 0.0) as sandbox:
        statuses = [get(sandbox).status_code for _ in range(10)]
        for _ in range(15):
            response = requests.post(sandbox.api_url + "/leads", json={}, headers=HEADERS, timeout=5)
            statuses.append(response.status_code)

    assert statuses.count(429) == refused


def test_latency_is_part_of_every_answer() -> None:
    """A request takes at least the latency, and is in flight during that time."""
    with Sandbox.start(SandboxOptions(latency_ms=20)) as sandbox:
        get(sandbox)
        (record,) = sandbox.statistics.records

    assert record.ended is not None
    assert record.ended - record.started >= 0.019


def test_a_stopped_sandbox_no_longer_answers() -> None:
    """A stopped sandbox no longer answers, and stopping it again does nothing."""
    sandbox = Sandbox.start()
    sandbox.stop()
    sandbox.stop()

    with pytest.raises(requests.ConnectionError):
        get(sandbox)


def test_a_port_in_use_is_an_error() -> None:
    """Two sandboxes cannot share a port."""
    with Sandbox.start() as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Sandbox.start(port=port)
