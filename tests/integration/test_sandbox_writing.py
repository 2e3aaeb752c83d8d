from __future__ import annotations

from typing import Any

import pytest
import requests

from seeker_leads_sandbox import Sandbox, SandboxOptions
from seeker_leads_sandbox.data.generator import ERASED_CONTACT
from tests.smallest_lead import LEAD

NOW = 1_750_000_000
HEADERS = {"Authorization": "Bearer sandbox-token"}
JSON_HEADERS = {**HEADERS, "Content-Type": "application/json"}
HOOK = {"url": "https://example.org/hook", "apiKey": "very-secret", "status": "ACTIVE"}


def call(sandbox: Sandbox, method: str, path: str, body: object = None) -> requests.Response:
    return requests.request(method, sandbox.api_url + path, json=body, headers=HEADERS, timeout=5)


def test_a_posted_lead_is_listed() -> None:
    """A lead is answered with a request id at once, and is then listed as a classified lead of the current second."""
    lead = {**LEAD, "phoneNumbers": [{"number": "0639980000", "type": "LANDLINE"}]}
    with Sandbox.start(clock=lambda: NOW + 0.9) as sandbox:
        answer = call(sandbox, "POST", "/leads", lead)
        (listed,) = call(sandbox, "GET", f"/leads?minDate={NOW}&maxDate={NOW}").json()["items"]

        assert answer.status_code == 200
        assert answer.json()["requestId"] not in {"", listed["metadata"]["leadId"]}
        assert sandbox.created == [lead]
    assert listed["metadata"]["leadCategory"] == "CLASSIFIED"
    assert listed["metadata"]["ingestionDate"] == NOW
    assert listed["contactRequest"]["email"] == lead["email"]
    assert listed["contactRequest"]["phoneNumbers"][0]["type"] == "LANDLINE"
    assert listed["property"] == {"classifiedId": lead["classifiedId"]}


def test_there_is_no_idempotency() -> None:
    """Posting the same lead twice creates two leads."""
    with Sandbox.start() as sandbox:
        request_ids = {call(sandbox, "POST", "/leads", LEAD).json()["requestId"] for _ in range(2)}

        assert len(request_ids) == 2
        assert len(sandbox.store) == 2


def test_an_invalid_lead_is_refused_with_all_reasons() -> None:
    """A 400 names every violation and repeats no value, and nothing is created."""
    with Sandbox.start() as sandbox:
        response = call(sandbox, "POST", "/leads", {**LEAD, "email": "not-an-address", "lastName": None})

        assert response.status_code == 400
        assert [error["name"] for error in response.json()["errors"]] == ["email", "lastName"]
        assert "not-an-address" not in response.text
        assert (sandbox.created, len(sandbox.store)) == ([], 0)


@pytest.mark.parametrize(
    "request_arguments",
    [
        {"data": LEAD},
        {"data": b"{", "headers": JSON_HEADERS},
        {"data": b"\xff", "headers": JSON_HEADERS},
        {"data": b"[" * 100_000, "headers": JSON_HEADERS},
        {"data": b" " * 2_000_000, "headers": JSON_HEADERS},
    ],
)
def test_a_body_that_is_not_json_is_a_400(request_arguments: dict[str, Any]) -> None:
    """A form and broken, deeply nested or endless JSON are bad requests, not server errors."""
    arguments = {"headers": HEADERS, **request_arguments}
    with Sandbox.start() as sandbox:
        response = requests.post(sandbox.api_url + "/leads", timeout=5, **arguments)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"


def test_subscriptions_are_kept_changed_and_deleted() -> None:
    """A subscription exists from POST to DELETE, which returns it once more, and PUT changes it."""
    with Sandbox.start(clock=lambda: NOW) as sandbox:
        made = call(sandbox, "POST", "/webhook/subscriptions", HOOK)
        path = f"/webhook/subscriptions/{made.json()['subscriptionId']}"
        changed = call(sandbox, "PUT", path, {"status": "INACTIVE"})
        listed = call(sandbox, "GET", "/webhook/subscriptions")
        audit = call(sandbox, "GET", path + "/audit?limit=1")
        deleted = call(sandbox, "DELETE", path)
        gone = [call(sandbox, "DELETE", path), call(sandbox, "PUT", path, {}), call(sandbox, "GET", path + "/audit")]
        left = call(sandbox, "GET", "/webhook/subscriptions")

    assert made.json()["createdAt"] == "2025-06-15T15:06:40Z"
    assert (made.json()["status"], changed.json()["status"]) == ("ACTIVE", "INACTIVE")
    assert listed.json() == {"items": [changed.json()]}
    assert audit.json() == {**changed.json(), "lastSuccessTimestamp": None, "recentEvents": []}
    assert deleted.status_code == 200
    assert deleted.json() == {**changed.json(), "message": "The subscription is deleted"}
    assert [response.status_code for response in gone] == [404, 404, 404]
    assert left.json() == {"items": []}
    assert not any("very-secret" in response.text for response in (made, changed, listed, audit, deleted))


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {**HOOK, "status": "SLEEPING"}),
        ("POST", "", {**HOOK, "url": "nowhere"}),
        ("POST", "", []),
        ("PUT", "/subscription-1", {"apiKey": ""}),
        ("GET", "/subscription-1/audit?limit=0", None),
    ],
)
def test_wrong_subscription_requests_are_refused(method: str, path: str, body: object) -> None:
    """A violation of the contract is a 400 with reasons."""
    with Sandbox.start() as sandbox:
        call(sandbox, "POST", "/webhook/subscriptions", HOOK)
        response = call(sandbox, method, f"/webhook/subscriptions{path}", body)

    assert response.status_code == 400
    assert response.json()["errors"]


def test_the_sandbox_can_be_driven_over_http() -> None:
    """Leads, faults and statistics have endpoints that need no token and are not counted."""
    with Sandbox.start(clock=lambda: NOW) as sandbox:
        admin = sandbox.admin_url
        added = requests.post(f"{admin}/leads", json={"count": 2}, timeout=5).json()["leadIds"]
        given = {"metadata": {"leadId": "given", "ingestionDate": NOW}}
        requests.post(f"{admin}/leads", json={"leads": [given]}, timeout=5)
        assert sandbox.store.get("given") == given
        assert requests.get(f"{admin}/health", timeout=5).json() == {"status": "ok", "leads": 3}

        listed = call(sandbox, "GET", f"/leads?minDate={NOW}&maxDate={NOW}").json()["items"]
        assert {lead["metadata"]["leadId"] for lead in listed} == {*added, "given"}
        assert requests.get(f"{admin}/stats", timeout=5).json()["by_status"] == {"200": 1}
        assert requests.post(f"{admin}/stats/reset", timeout=5).status_code == 204
        assert requests.get(f"{admin}/stats", timeout=5).json()["requests"] == 0

        fault = [{"kind": "status", "status": 503, "method": "POST"}]
        assert requests.post(f"{admin}/faults", json=fault, timeout=5).json() == {"faults": 1}
        assert call(sandbox, "POST", "/leads", LEAD).status_code == 503
        requests.post(f"{admin}/faults", json=[], timeout=5)
        assert call(sandbox, "POST", "/leads", LEAD).status_code == 200
        assert requests.get(f"{admin}/created", timeout=5).json() == {"items": [LEAD]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/leads", {"count": "many"}),
        ("/leads", []),
        ("/leads", {"leads": [{}]}),
        ("/leads", {"leads": ["lead"]}),
        ("/faults", [{"kind": "nonsense"}]),
        ("/faults", {}),
        ("/erase", {}),
        ("/erase", {"count": True}),
        ("/erase", {"count": 1}),
        ("/erase", {"leadIds": ["nobody"]}),
        ("/erase", {"leads": []}),
    ],
)
def test_invalid_admin_requests_are_refused_with_a_reason(path: str, body: object) -> None:
    """A mistake in a test's setup is a 400 with a reason, and is not silently ignored."""
    with Sandbox.start() as sandbox:
        response = requests.post(sandbox.admin_url + path, json=body, timeout=5)

    assert response.status_code == 400
    assert response.json()["errors"][0]["reason"]


@pytest.mark.parametrize("call_details", [True, False])
def test_people_of_given_leads_are_erased(call_details: bool) -> None:  # noqa: FBT001  # pytest gives it by name
    """An erased lead keeps its date and listing but loses its person; an option decides about a call's phone number."""
    lead: dict[str, Any] = {
        "metadata": {"leadId": "given", "ingestionDate": NOW, "leadCategory": "CALL_TRACKING"},
        "contactRequest": {"lastName": "Exemple", "email": "exemple@example.org", "phoneNumbers": [], "message": ""},
        "callDetails": {"seekerPhoneNumber": "0639980000", "duration": 3},
    }
    with Sandbox.start(clock=lambda: NOW) as sandbox:
        sandbox.add_leads(1, leads=[lead])
        body = {"leadIds": ["given"], "callDetails": call_details}
        answer = requests.post(f"{sandbox.admin_url}/erase", json=body, timeout=5)
        shown = call(sandbox, "GET", "/leads/given").json()
        others = [other for other in sandbox.store.all() if other["metadata"]["leadId"] != "given"]

    assert answer.json() == {"leadIds": ["given"]}
    assert shown["metadata"] == lead["metadata"]
    assert shown["contactRequest"] == ERASED_CONTACT
    assert shown["callDetails"] == {"duration": 3, "seekerPhoneNumber": None if call_details else "0639980000"}
    assert [other["contactRequest"] != ERASED_CONTACT for other in others] == [True]


def test_people_are_erased_at_random_once() -> None:
    """A count erases that number of the remaining people, so that repeated requests reach everybody."""
    options = SandboxOptions(leads=30, days=3)
    with Sandbox.start(options, clock=lambda: NOW) as sandbox:
        left = [lead for lead in sandbox.store.all() if lead["contactRequest"] != ERASED_CONTACT]
        first = requests.post(f"{sandbox.admin_url}/erase", json={"count": 5}, timeout=5).json()["leadIds"]
        second = sandbox.erase(len(left) - 5)

        assert len({*first, *second}) == len(left)
        assert all(lead["contactRequest"] == ERASED_CONTACT for lead in sandbox.store.all())


def test_an_unknown_admin_endpoint_is_a_404() -> None:
    """An unknown endpoint below `/_sandbox` is a 404."""
    with Sandbox.start() as sandbox:
        assert requests.get(f"{sandbox.admin_url}/nothing", timeout=5).status_code == 404
