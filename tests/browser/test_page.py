"""The page itself: live, usable with any screen, keyboard and theme, and safe whatever a lead contains."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from seeker_leads_sandbox import SandboxOptions
from tests.browser.test_buttons import api, first_row, tile
from tests.http_servers import Quiet, Server
from tests.smallest_lead import LEAD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from seeker_leads_sandbox import Sandbox

HOSTILE = '<script>window.broken = 1</script><img src=x onerror="window.broken = 1">&amp;"\''
#: Returns each visible text whose contrast with its background is lower than WCAG's AA requires.
POOR_CONTRAST = """() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = numbers(color).map((part) => part / 255)
      .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = getComputedStyle(each).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
    return getComputedStyle(document.body).backgroundColor;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const isText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const box = element.getBoundingClientRect();
    if (!isText || box.width < 2 || element.closest("optgroup, option")) continue;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    const pair = [light(color), light(behind(element))].sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) found.push(`${element.tagName} ${element.textContent.slice(0, 20)} ${ratio.toFixed(1)}`);
  }
  return found;
}"""


class OtherSite(Quiet, BaseHTTPRequestHandler):
    """An empty page of another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()


@pytest.fixture
def other_site() -> Iterator[str]:
    """The address of a page on another port: another origin, although the same site for cookies."""
    with Server(OtherSite) as server:
        yield f"{server.url}/"


def full_of(value: Any) -> dict[str, Any]:
    """Return a lead with the value in every text field."""
    return {
        "metadata": {
            "leadId": str(value),
            "ingestionDate": 1_790_000_000,
            "portal": value,
            "leadCategory": value,
            "seekerIntention": value,
        },
        "contactRequest": {
            "firstName": value,
            "lastName": value,
            "email": value,
            "phoneNumbers": [{"number": value}] * 5,
            "message": value,
        },
        "property": {"classifiedId": value},
        "callDetails": {"status": value},
    }


@pytest.mark.parametrize("sandbox", [SandboxOptions(arrivals_per_minute=120)], indirect=True)
@pytest.mark.usefixtures("sandbox")
def test_leads_appear_without_any_action(page: Page) -> None:
    """Leads appear without any action; “Pause” stops the updates until “Resume”."""
    expect(page.locator("#leads tbody tr")).not_to_have_count(0)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    shown = tile(page, "Leads").inner_text()
    page.wait_for_timeout(1500)
    assert tile(page, "Leads").inner_text() == shown
    page.get_by_role("button", name="Resume").click()
    expect(tile(page, "Leads")).not_to_have_text(shown)


def test_hostile_values_are_texts(sandbox: Sandbox, page: Page) -> None:
    """Markup in any field of a lead, a POST or a subscription is shown as text and has no effect."""
    sandbox.add_leads(leads=[full_of(HOSTILE)])
    api(sandbox, method="POST", body={**LEAD, "lastName": HOSTILE, "message": HOSTILE, "classifiedId": HOSTILE})
    api(sandbox, method="POST", body={HOSTILE: 1, "phoneNumbers": HOSTILE, "email": [HOSTILE]})
    api(sandbox, f"/{HOSTILE}")
    # The first of the two POSTs is refused, so the lead above is the last one created.
    expect(first_row(page, "leads")).to_contain_text(HOSTILE)
    expect(page.locator("#posted tbody tr")).to_have_count(2)
    for selector in ("script", "img"):
        assert page.locator(f"main {selector}").count() == 0
    page.reload()
    expect(first_row(page, "leads")).to_contain_text(HOSTILE)


def test_an_update_keeps_focus_and_open_details(sandbox: Sandbox, page: Page) -> None:
    """An update keeps opened details open and the keyboard focus in place."""
    page.get_by_text("Show as a table").click()
    sandbox.add_leads(1)
    expect(tile(page, "Leads")).to_have_text("201")
    expect(page.get_by_role("columnheader", name="SeLoger", exact=True)).to_be_visible()


def test_the_page_works_with_the_keyboard(page: Page) -> None:
    """Tab reaches each control in the order of the page, with a visible focus, and Enter presses it."""
    reached = []
    for _ in range(20):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(
            "[document.activeElement.id || document.activeElement.className, "
            "getComputedStyle(document.activeElement).outlineStyle]"
        )
        reached.append(name)
        assert outline != "none", name
        if name == "new-lead":
            page.keyboard.press("Enter")
        if name == "revoke":
            break
    assert reached[:2] == ["skip", "pause"]
    assert reached[-6:] == ["new-lead", "new-leads", "erase", "fault", "fail", "revoke"]
    expect(tile(page, "Leads")).to_have_text("201")


def test_the_page_works_with_a_screen_reader(page: Page) -> None:
    """There are landmarks, one main heading, named regions and controls and one status; charts have a text."""
    for role in ("banner", "main", "contentinfo", "navigation", "status"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    assert page.locator("[aria-live]").count() == 0
    for region in page.locator("section").all():
        expect(region).to_have_role("region")
    for control in page.locator("button, select, a, summary").all():
        assert control.inner_text() or control.get_attribute("aria-label"), control
    expect(page.get_by_role("img", name="200 leads in the last 30 days")).to_be_visible()
    expect(page.get_by_role("img", name="the limit is 10")).to_be_visible()
    expect(page.locator("#leads").get_by_role("columnheader", name="Person")).to_be_visible()


def test_on_a_narrow_screen_a_message_has_the_whole_width(sandbox: Sandbox, page: Page) -> None:
    """On a phone, rows are cards: the person, the message and the portal are below each other, in the whole width."""
    page.set_viewport_size({"width": 390, "height": 800})
    api(sandbox, method="POST", body=LEAD)
    cells = [first_row(page, "leads").locator(f"td.{name}").bounding_box() for name in ("who", "said", "where")]
    assert len({cell["width"] for cell in cells if cell}) == 1
    assert all(cells)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_it_fits_every_screen_in_every_theme(browser: Browser, sandbox: Sandbox, width: int, scheme: Any) -> None:
    """Nothing overflows, however long a value is; every text has the contrast that WCAG's AA requires."""
    sandbox.add_leads(leads=[full_of("x" * 900), full_of(HOSTILE)])
    api(sandbox, method="POST", body={**LEAD, "email": "e" * 900})
    api(
        sandbox,
        "/webhook/subscriptions",
        "POST",
        {"url": f"http://127.0.0.1:9/{'u' * 300}", "apiKey": "k" * 20, "status": "INACTIVE"},
    )
    sandbox.revoke_tokens()
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.goto(sandbox.url)
    page.get_by_text("Live", exact=True).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(POOR_CONTRAST) == []
    context.close()


def test_it_is_readable_without_javascript(browser: Browser, sandbox: Sandbox) -> None:
    """Without JavaScript, the page is complete and has no button that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sandbox.url)
    expect(tile(page, "Leads")).to_have_text("200")
    expect(page.locator("#leads tbody tr")).to_have_count(10)
    expect(page.get_by_text("Reload to refresh")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    context.close()


def test_a_stopped_sandbox_is_noticed(browser: Browser, sandbox: Sandbox) -> None:
    """The page says that the sandbox does not answer, and keeps its content."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(sandbox.url)
    page.get_by_text("Live", exact=True).wait_for()
    sandbox.stop()
    expect(page.get_by_text("The sandbox does not answer")).to_be_visible()
    expect(page.locator("#leads tbody tr")).to_have_count(10)
    context.close()


def test_another_page_cannot_press_a_button(browser: Browser, sandbox: Sandbox, other_site: str) -> None:
    """A page of another origin in the same browser can neither add leads nor revoke tokens nor read anything."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(other_site)
    for mode in ("cors", "no-cors"):
        for path, body in (("leads", '{"count": 1}'), ("tokens/revoke", ""), ("stats/reset", "")):
            page.evaluate(
                "async ([url, body, mode]) => { await fetch(url, {method: 'POST', body, mode}).catch(() => 0); }",
                [f"{sandbox.admin_url}/{path}", body, mode],
            )
    read = page.evaluate("(url) => fetch(url).then((r) => r.text()).catch(() => 'nothing')", sandbox.url)
    context.close()
    assert read == "nothing"
    assert len(sandbox.store) == 200
    assert api(sandbox).status_code == 404  # the token works
