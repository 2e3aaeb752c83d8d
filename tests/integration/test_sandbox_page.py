"""The sandbox's page, tested without a browser; `tests/browser` tests it with one."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest
import requests

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = 1_795_420_800  # 2026-11-23T08:00:00Z
HEADERS = {"Authorization": "Bearer sandbox-token"}
REPOSITORY = "https://example.com/TO-FILL-IN/singer-seeker-leads"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(SandboxOptions(leads=50, days=10), clock=lambda: NOW) as running:
        yield running


class Elements(HTMLParser):
    """Every element of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.all.append((tag, dict(attrs)))


def page_of(sandbox: Sandbox) -> str:
    answer = requests.get(sandbox.url, timeout=5)
    assert answer.status_code == 200
    return answer.text


def panels_of(sandbox: Sandbox) -> dict[str, str]:
    panels: dict[str, str] = requests.get(f"{sandbox.admin_url}/page/panels", timeout=5).json()
    return panels


def test_its_policy_blocks_foreign_content(sandbox: Sandbox) -> None:
    """No inline script or style runs, nothing is loaded from other hosts, no page can frame it; each part says so."""
    for path in ("/", "/_sandbox/page/panels", "/_sandbox/page/page.js", "/_sandbox/page/page.css"):
        headers = requests.get(sandbox.url + path, timeout=5).headers
        rules = dict(rule.split(" ", 1) for rule in headers["Content-Security-Policy"].split("; "))
        assert rules.pop("default-src") == rules.pop("frame-ancestors") == rules.pop("form-action") == "'none'"
        assert rules.pop("base-uri") == "'none'"
        assert set(rules.values()) == {"'self'"}, path
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_it_links_only_to_the_repository(sandbox: Sandbox) -> None:
    """All files that it loads are the sandbox's own and exist; no element has an inline style or handler."""
    for tag, attributes in Elements(page_of(sandbox)).all:
        assert not [name for name in attributes if name == "style" or name.startswith("on")], tag
        for address in (attributes.get("src"), attributes.get("href")):
            if address and not address.startswith("#") and address != REPOSITORY:
                assert address.startswith("/"), address
                assert requests.get(sandbox.url + address, timeout=5).status_code == 200, address


ODD = [
    {},
    {"contactRequest": None},
    {"contactRequest": [1], "property": "text", "callDetails": {"status": [7]}},
    {"contactRequest": {"phoneNumbers": [None, 1, {"number": {"a": 1}}], "lastName": ["x"], "message": {"y": "z"}}},
    {"contactRequest": {"lastName": "\u0000\u202e\U0001f600", "message": "x" * 100_000}},
]


@pytest.mark.parametrize("lead", ODD)
@pytest.mark.parametrize("date", [0, -1, NOW, 10**15, -(10**15)])
def test_any_lead_can_be_shown(sandbox: Sandbox, lead: dict[str, Any], date: int) -> None:
    """The page shows any lead that the sandbox accepts, of any type and length, without growing with it."""
    sandbox.add_leads(leads=[{"metadata": {"leadId": "odd", "ingestionDate": date, "portal": 1}, **lead}])
    assert 'data-key="odd"' in panels_of(sandbox)["leads"]
    assert len(page_of(sandbox)) < 100_000


@pytest.mark.parametrize("body", [1, "text", [], {}, {"phoneNumbers": 1, "lastName": {"a": []}}])
def test_any_body_that_is_refused_can_be_shown(sandbox: Sandbox, body: Any) -> None:
    """A refused body is shown with each reason."""
    answer = requests.post(f"{sandbox.api_url}/leads", json=body, headers=HEADERS, timeout=5)
    shown = panels_of(sandbox)["posted"]
    assert answer.status_code == 400
    assert shown.count("<li>") == len(answer.json()["errors"])


def test_page_requests_are_not_counted(sandbox: Sandbox) -> None:
    """Requests for the page and the contract are not counted, and no fault hits them."""
    sandbox.script(Fault(FaultKind.STATUS, status=500))
    page_of(sandbox), panels_of(sandbox)
    assert requests.get(f"{sandbox.url}/openapi.yaml", timeout=5).status_code == 200
    assert (sandbox.statistics.total, sandbox.statistics.requests) == (0, 0)


def test_the_contract_is_the_one_of_the_package(sandbox: Sandbox) -> None:
    """`GET /openapi.yaml` returns the package's contract."""
    answer = requests.get(f"{sandbox.url}/openapi.yaml", timeout=5)
    assert answer.content == (resources.files("seeker_leads_api") / "openapi.yaml").read_bytes()
    assert answer.headers["Content-Type"].startswith("application/yaml")


def test_a_days_leads_are_recounted_after_a_change(sandbox: Sandbox) -> None:
    """A lead that is added, and one that moves to another portal, appear in the chart at the next refresh."""
    lead = {"metadata": {"leadId": "mine", "ingestionDate": NOW, "portal": "SLG-FRA"}, "contactRequest": {}}
    before = panels_of(sandbox)["days"]
    sandbox.add_leads(leads=[lead])
    with_it = panels_of(sandbox)["days"]
    sandbox.add_leads(leads=[{**lead, "metadata": {**lead["metadata"], "portal": "NEW-FRA"}}])
    moved = panels_of(sandbox)["days"]
    assert ("50 leads" in before, "51 leads" in with_it, "51 leads" in moved) == (True, True, True)
    assert "Others 1" not in with_it
    assert "Others 1" in moved


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "attacker.example"},
        {"Host": "attacker.example:80", "Origin": "http://attacker.example:80"},
    ],
)
def test_other_web_pages_are_refused(sandbox: Sandbox, headers: dict[str, str]) -> None:
    """A browser that another page sends here, by address or by that page's own host name, changes nothing."""
    for path in ("/leads", "/tokens/revoke", "/tokens/restore", "/stats/reset", "/subscriptions/subscription-1"):
        answer = requests.post(sandbox.admin_url + path, json={"count": 1}, headers=headers, timeout=5)
        assert answer.status_code == 403, path
    if "Host" in headers:
        for path in ("/", "/_sandbox/page/panels", "/_sandbox/created"):
            assert requests.get(sandbox.url + path, headers=headers, timeout=5).status_code == 403
    assert len(sandbox.store) == 50


@pytest.mark.parametrize("host", ["localhost:{0}", "127.0.0.1:{0}", "[::1]:{0}", "sandbox:{0}", "a.localhost"])
def test_programs_and_the_page_itself_are_served(sandbox: Sandbox, host: str) -> None:
    """Requests to this machine's names, or to a short name on the network, are served, with and without an origin."""
    host = host.format(sandbox.url.rpartition(":")[2])
    own = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    for headers in ({"Host": host}, own):
        answer = requests.post(f"{sandbox.admin_url}/leads", json={"count": 1}, headers=headers, timeout=5)
        assert answer.status_code == 200
    assert len(sandbox.store) == 52


def test_tokens_are_revoked_and_restored(sandbox: Sandbox) -> None:
    """After a revocation, the printed token is refused; restored, it has every scope again."""
    sandbox.script(Fault(FaultKind.MISSING_SCOPE, times=1))
    statuses = []
    for step in (None, "revoke", "restore"):
        if step:
            assert requests.post(f"{sandbox.admin_url}/tokens/{step}", timeout=5).status_code == 204
        statuses.append(requests.get(f"{sandbox.api_url}/leads/none", headers=HEADERS, timeout=5).status_code)
    assert statuses == [403, 401, 404]


def test_a_subscription_is_switched_without_a_token(sandbox: Sandbox) -> None:
    """Only its status changes; anything else is refused with the reason."""
    url = f"{sandbox.api_url}/webhook/subscriptions"
    body = {"url": "http://127.0.0.1:9/", "apiKey": "a-key-of-many-characters", "status": "ACTIVE"}
    name = requests.post(url, json=body, headers=HEADERS, timeout=5).json()["subscriptionId"]
    switch = f"{sandbox.admin_url}/subscriptions/{name}"
    assert requests.post(switch, json={"status": "INACTIVE"}, timeout=5).json()["status"] == "INACTIVE"
    more_than_that = {"status": "ACTIVE", "apiKey": "another-key-of-many"}
    for wrong in ("{}", '{"status": "OFF"}', json.dumps(more_than_that), "[]"):
        assert (
            requests.post(switch, data=wrong, headers={"Content-Type": "application/json"}, timeout=5).status_code
            == 400
        )
    assert requests.post(f"{switch}0", json={"status": "ACTIVE"}, timeout=5).status_code == 404
    assert requests.get(url, headers=HEADERS, timeout=5).json()["items"][0]["status"] == "INACTIVE"
