from __future__ import annotations

import pytest
import requests

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.smallest_lead import LEAD

NOW = 1_750_000_000


def start(*faults: Fault, options: SandboxOptions | None = None) -> Sandbox:
    sandbox = Sandbox.start(options or SandboxOptions(leads=30, days=1), clock=lambda: NOW)
    sandbox.script(*faults)
    return sandbox


def get(sandbox: Sandbox, token: str = "sandbox-token", timeout: float = 5) -> requests.Response:  # noqa: S107  # no secret
    parameters = {"minDate": NOW - 86400, "maxDate": NOW}
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(sandbox.api_url + "/leads", params=parameters, headers=headers, timeout=timeout)


def post(sandbox: Sandbox) -> requests.Response:
    headers = {"Authorization": "Bearer sandbox-token"}
    return requests.post(sandbox.api_url + "/leads", json=LEAD, headers=headers, timeout=5)


def new_token(sandbox: Sandbox) -> str:
    credentials = {"client_id": "sandbox", "client_secret": "sandbox", "grant_type": "client_credentials"}
    response = requests.post(sandbox.token_url, json={**credentials, "audience": sandbox.api_url}, timeout=5)
    token: str = response.json()["access_token"]
    return token


def test_a_status_is_answered_with_a_problem() -> None:
    """A scripted status is answered with a problem body, and the request is not processed."""
    with start(Fault(FaultKind.STATUS, status=503, retry_after=7, times=1)) as sandbox:
        response = post(sandbox)

        assert (response.status_code, response.json()["status"]) == (503, 503)
        assert response.headers["Retry-After"] == "7"
        assert sandbox.created == []
        assert post(sandbox).status_code == 200


def test_a_scripted_429_has_the_dialects_retry_after() -> None:
    """A scripted 429 without its own `Retry-After` has the dialect's."""
    with start(Fault(FaultKind.STATUS, status=429)) as sandbox:
        assert get(sandbox).headers["Retry-After"] == "1"


@pytest.mark.parametrize("body", ["<html>proxy</html>", b"\xff\xfe"])
def test_a_status_may_have_any_body(body: str | bytes) -> None:
    """A scripted body is sent unchanged."""
    with start(Fault(FaultKind.STATUS, status=200, body=body, content_type="text/plain")) as sandbox:
        response = get(sandbox)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/plain"
    assert response.content == (body.encode() if isinstance(body, str) else body)


def test_a_timeout_never_answers() -> None:
    """The client gives up; nothing was processed; the sandbox counts a request without answer and can stop."""
    with start(Fault(FaultKind.TIMEOUT, times=1)) as sandbox:
        with pytest.raises(requests.ReadTimeout):
            get(sandbox, timeout=0.05)
        assert get(sandbox).status_code == 200


def test_a_timeout_does_not_delay_a_stop() -> None:
    """A sandbox stops although a client is still waiting; that client gets a connection error."""
    session = requests.Session()
    with session, start(Fault(FaultKind.TIMEOUT)) as sandbox, pytest.raises(requests.ReadTimeout):
        session.get(sandbox.api_url + "/leads", stream=True, timeout=0.05)


def test_a_cut_body_ends_early() -> None:
    """The whole length is announced, but only half of it is sent."""
    with start(Fault(FaultKind.CUT_BODY, times=1)) as sandbox:
        with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
            get(sandbox)
        assert get(sandbox).status_code == 200


def test_a_reset_closes_without_an_answer() -> None:
    """The connection is reset, and nothing was processed."""
    with start(Fault(FaultKind.RESET)) as sandbox:
        with pytest.raises(requests.ConnectionError, match="reset"):
            post(sandbox)

        assert sandbox.created == []


def test_a_lost_answer_was_processed() -> None:
    """The lead is created, but its client cannot know."""
    with start(Fault(FaultKind.LOST_ANSWER)) as sandbox:
        with pytest.raises(requests.ConnectionError, match="reset"):
            post(sandbox)

        assert sandbox.created == [LEAD]
        assert len(sandbox.store) == 31
        assert sandbox.statistics.by_status in ({}, {0: 1})  # the server may not have recorded it yet


def test_bad_json_is_a_complete_answer_with_truncated_json() -> None:
    """The HTTP answer is complete, but its JSON is truncated."""
    with start(Fault(FaultKind.BAD_JSON)) as sandbox:
        response = get(sandbox)

    assert response.status_code == 200
    assert response.text.startswith('{"metadata":')
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_bad_json_of_a_refusal_is_no_success() -> None:
    """A request that is refused keeps its status: a 200 would say that the work was done."""
    with start(Fault(FaultKind.BAD_JSON)) as sandbox:
        sandbox.revoke_tokens()
        response = get(sandbox)

    assert response.status_code == 401
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_html_502_is_a_gateways_page() -> None:
    """A 502 has no problem body."""
    with start(Fault(FaultKind.HTML_502)) as sandbox:
        response = get(sandbox)

    assert response.status_code == 502
    assert response.headers["Content-Type"].startswith("text/html")


def test_a_missing_scope_lasts_until_a_new_token() -> None:
    """The 403 names the scope; the old token keeps lacking it, a new one has it."""
    with start(Fault(FaultKind.MISSING_SCOPE, times=1, scope="leads:read")) as sandbox:
        first, second = get(sandbox), get(sandbox)

        assert [first.status_code, second.status_code] == [403, 403]
        assert "leads:read" in first.json()["detail"]
        assert get(sandbox, new_token(sandbox)).status_code == 200


def test_a_revoked_token_is_a_401_until_a_new_token() -> None:
    """Tokens issued before the fault are refused; later ones are valid."""
    with start(Fault(FaultKind.REVOKE_TOKEN, times=1)) as sandbox:
        assert [get(sandbox).status_code, get(sandbox).status_code] == [401, 401]
        assert get(sandbox, new_token(sandbox)).status_code == 200


def test_the_token_endpoint_can_fail_too() -> None:
    """A fault with the path /oauth/token hits the token endpoint."""
    with start(Fault(FaultKind.STATUS, path="/oauth/token", status=503)) as sandbox:
        assert requests.post(sandbox.token_url, json={}, timeout=5).status_code == 503
        assert get(sandbox).status_code == 200


def test_error_rate_fails_that_share_of_requests() -> None:
    """With an error rate of 1, every API request gets one of the retriable errors."""
    options = SandboxOptions(error_rate=1.0, enforce_limit=False)
    with start(options=options) as sandbox:
        statuses = {get(sandbox).status_code for _ in range(30)}

    assert statuses == {429, 500, 503}
