"""The pictures of the pages: the sandbox's page in both themes, written to `docs/pictures`."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Literal

import requests

from seeker_leads_sandbox import Fault, FaultKind, Sandbox, SandboxOptions
from tests.browser.chromium import browser
from tests.http_servers import Quiet, Server

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDTH, HEIGHT = 1280, 1180
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PORT = 8000
LEADS = [
    {
        "firstName": "Claire",
        "lastName": "Martin",
        "email": "claire.martin@example.com",
        "phoneNumbers": [{"number": "+33 6 12 34 56 78"}],
        "message": "Bonjour, je souhaite visiter cet appartement samedi matin.",
        "classifiedId": "26ABCDEFGHJK",
        "submittedDate": "2026-11-20T14:00:00Z",
    },
    {
        "firstName": "Hugo",
        "lastName": "Bernard",
        "email": "hugo.bernard",
        "phoneNumbers": [{"number": "06 12"}],
        "message": "Bonjour, ce bien est-il toujours disponible ?",
        "classifiedId": "26ABCDEFGHJL",
        "submittedDate": "2026-11-20T15:30:00Z",
    },
]


class Receiver(Quiet, BaseHTTPRequestHandler):
    """Accepts each call."""

    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()


def let_clients_work(sandbox: Sandbox, url: str) -> None:
    """Read for some seconds as fast as the limit allows, create leads, and receive webhook calls."""
    client = requests.Session()
    client.headers["Authorization"] = f"Bearer {sandbox.options.token}"
    client.post(f"{sandbox.api_url}/webhook/subscriptions", json={"url": url, "apiKey": "k" * 20, "status": "ACTIVE"})
    began, number = time.monotonic(), 0
    while time.monotonic() < began + 25:
        now = int(time.time())
        client.get(f"{sandbox.api_url}/leads", params={"minDate": now - 86_400 * (number % 7 + 1), "maxDate": now})
        number += 1
        if number % 130 == 0:
            sandbox.script(Fault(FaultKind.STATUS, status=503, times=1))
        if number % 90 == 0:
            client.post(f"{sandbox.api_url}/leads", json={**LEADS[0], "submittedDate": "2026-11-20T14:00:00Z"})
            sandbox.add_leads(1)
        # The pace varies like a real client's: seven to ten requests in each period.
        time.sleep(0.021 + 0.006 * (number // 60 % 3))
    for lead in (LEADS[1], LEADS[0]):
        client.post(f"{sandbox.api_url}/leads", json=lead)
    client.get(f"{sandbox.api_url}/leads", params={"minDate": now - 60, "maxDate": now + 60})
    sandbox.erase(1)
    sandbox.add_leads(3)


def start() -> Sandbox:
    """Return a sandbox at its usual port, or at any free port if that is in use."""
    options = SandboxOptions(leads=5000, days=90)
    try:
        return Sandbox.start(options, port=PORT)
    except OSError:
        return Sandbox.start(options)


def main() -> None:
    """Take the pictures."""
    FOLDER.mkdir(exist_ok=True)
    with start() as sandbox, Server(Receiver) as receiver, browser() as chromium:
        let_clients_work(sandbox, f"{receiver.url}/webhook")
        for theme in THEMES:
            context = chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=theme)
            page = context.new_page()
            page.goto(sandbox.url)
            page.get_by_text("Live", exact=True).wait_for()
            path = FOLDER / f"sandbox-{theme}-{WIDTH}.png"
            page.screenshot(path=path, animations="disabled")
            context.close()
            print(f"docs/pictures/{path.name}: {path.stat().st_size // 1024} KiB")  # noqa: T201  # the result


if __name__ == "__main__":
    main()
