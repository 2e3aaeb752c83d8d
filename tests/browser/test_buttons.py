"""The effect of each button is visible in the page and through the API."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
from playwright.sync_api import expect

from seeker_leads_sandbox import Sandbox
from tests.smallest_lead import LEAD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

SUBSCRIPTION = {
    "url": "http://127.0.0.1:9/hook?key=my-secret",
    "apiKey": "a-key-of-many-characters",
    "status": "ACTIVE",
}


def api(sandbox: Sandbox, path: str = "/leads", method: str = "GET", body: Any = None) -> requests.Response:
    """Call the API with the printed token; `/leads` is requested for the last minutes."""
    now = int(time.time())
    headers = {"Authorization": f"Bearer {sandbox.options.token}"}
    period = {"minDate": now - 300, "maxDate": now + 60}
    return requests.request(method, sandbox.api_url + path, params=period, headers=headers, json=body, timeout=5)


def tile(page: Page, name: str) -> Locator:
    """Return the figure with that name."""
    return page.locator(".tile", has=page.get_by_text(name, exact=True)).locator("dd").first


def first_row(page: Page, panel: str) -> Locator:
    return page.locator(f"#{panel} tbody tr").first


def test_a_new_lead_is_first_in_the_list_and_in_the_api(sandbox: Sandbox, page: Page) -> None:
    """“New lead” adds one: the figure, the list and the API show it, and a status message says so."""
    page.get_by_role("button", name="New lead").click()
    expect(page.get_by_role("status")).to_have_text("One new lead arrived.")
    expect(tile(page, "Leads")).to_have_text("201")
    (lead,) = api(sandbox).json()["items"]
    expect(first_row(page, "leads")).to_have_attribute("data-key", lead["metadata"]["leadId"])
    expect(first_row(page, "leads")).to_contain_text(lead["contactRequest"]["lastName"])


def test_25_leads_come_at_once(sandbox: Sandbox, page: Page) -> None:
    """“25 leads” adds 25, and today's bar grows."""
    page.get_by_role("button", name="25 leads").click()
    expect(tile(page, "Leads")).to_have_text("225")
    assert len(api(sandbox).json()["items"]) == 25
    expect(page.get_by_role("img", name="225 leads in the last 30 days")).to_be_visible()


def test_an_erased_person_is_gone_everywhere(sandbox: Sandbox, page: Page) -> None:
    """“Erase one” erases a person: the first row says so, and the API's lead has no person."""
    erased = {lead["metadata"]["leadId"] for lead in sandbox.store.all() if lead["contactRequest"]["email"] is None}
    page.get_by_role("button", name="Erase one").click()
    row = first_row(page, "leads")
    expect(row).to_contain_text("Erased, as the person asked")
    lead_id = (row.get_attribute("data-key") or "").removesuffix("-erased")
    assert lead_id not in erased
    contact = api(sandbox, f"/leads/{lead_id}").json()["contactRequest"]
    assert (contact["lastName"], contact["email"], contact["phoneNumbers"]) == (None, None, [])


def test_a_refused_action_is_reported(browser: Browser) -> None:
    """If nobody is left to erase, the page says so and keeps working."""
    with Sandbox.start() as empty:
        page = browser.new_page()
        page.goto(empty.url)
        page.get_by_role("button", name="Erase one").click()
        expect(page.get_by_role("status")).to_have_text("The sandbox refused: only 0 leads can be erased.")
        page.get_by_role("button", name="New lead").click()
        expect(page.get_by_role("status")).to_have_text("One new lead arrived.")
        page.close()


@pytest.mark.parametrize(
    ("choice", "status"),
    [("500, an error", 500), ("429, too many", 429), ("502, a gateway", 502), ("403, a miss", 403)],
)
def test_the_next_request_fails_once(sandbox: Sandbox, page: Page, choice: str, status: int) -> None:
    """The chosen fault waits, hits the next API request, appears in the list of requests, and is then gone."""
    option = page.locator("#fault option", has_text=choice)
    page.get_by_label("Next request fails with").select_option(value=option.get_attribute("value"))
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#conditions")).to_contain_text("Waiting for any request of the API")
    assert api(sandbox).status_code == status
    expect(page.locator("#conditions")).not_to_contain_text("Waiting")
    expect(first_row(page, "requests")).to_contain_text(str(status))
    expect(tile(page, "Errors")).to_have_text("1")


@pytest.mark.parametrize("choice", ["no answer", "a reset", "a lost answer"])
def test_a_request_without_answer_is_shown(sandbox: Sandbox, page: Page, choice: str) -> None:
    """Connection faults leave the client without an answer, and the page says so."""
    option = page.locator("#fault option", has_text=choice)
    page.get_by_label("Next request fails with").select_option(value=option.get_attribute("value"))
    page.get_by_role("button", name="Set").click()
    expect(page.locator("#conditions")).to_contain_text("Waiting")
    with pytest.raises(requests.RequestException):
        requests.get(f"{sandbox.api_url}/leads", headers={"Authorization": "Bearer sandbox-token"}, timeout=1)
    expect(first_row(page, "requests")).to_contain_text("no answer")


def test_a_waiting_fault_can_be_cancelled(sandbox: Sandbox, page: Page) -> None:
    """“Cancel” removes the fault, and the next request is answered normally."""
    page.get_by_role("button", name="Set").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#conditions")).to_be_empty()
    assert api(sandbox).status_code == 404  # no lead of the last minutes


def test_a_revoked_token_is_refused_until_it_is_restored(sandbox: Sandbox, page: Page) -> None:
    """“Revoke token” revokes the printed token, the page says so, and a button makes it valid again."""
    page.get_by_role("button", name="Revoke token").click()
    expect(page.locator("#conditions")).to_contain_text("sandbox-token is refused")
    assert api(sandbox).status_code == 401
    page.get_by_role("button", name="Make it valid again").click()
    expect(page.locator("#conditions")).to_be_empty()
    assert api(sandbox).status_code == 404  # no lead of the last minutes


def test_a_webhook_is_switched_off_and_on(sandbox: Sandbox, page: Page) -> None:
    """“Turn off” stops the calls of a subscription, “Turn on” resumes them; the page shows the calls, not the key."""
    api(sandbox, "/webhook/subscriptions", "POST", SUBSCRIPTION)
    panel = page.locator("#subscriptions")
    expect(panel).to_contain_text("ACTIVE")
    assert "my-secret" not in panel.inner_text()
    page.get_by_role("button", name="Turn off subscription-1").click()
    expect(panel).to_contain_text("INACTIVE")
    assert api(sandbox, "/webhook/subscriptions").json()["items"][0]["status"] == "INACTIVE"
    page.get_by_role("button", name="Turn on subscription-1").click()
    expect(page.get_by_role("button", name="Turn off subscription-1")).to_be_focused()
    page.get_by_role("button", name="New lead").click()
    expect(panel).to_contain_text("no answer")


def test_posted_leads_are_shown_with_their_result(sandbox: Sandbox, page: Page) -> None:
    """A created lead and a refused one are both shown, the latter with all its reasons."""
    api(sandbox, method="POST", body=LEAD)
    expect(first_row(page, "posted")).to_contain_text("Became a lead")
    api(sandbox, method="POST", body={**LEAD, "email": "nobody", "message": None})
    expect(first_row(page, "posted")).to_contain_text("Refused")
    expect(first_row(page, "posted").get_by_role("listitem")).to_have_count(2)
    expect(tile(page, "POSTed")).to_have_text("1")
