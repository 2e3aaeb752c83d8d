"""A real Chromium with a sandbox's page. A test fails on an error in the console or a request to another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_sandbox import Sandbox, SandboxOptions
from tests.browser import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium.browser() as started:
        yield started


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Override with `@pytest.mark.parametrize("sandbox", [SandboxOptions(...)], indirect=True)`."""
    options: SandboxOptions = getattr(request, "param", SandboxOptions(leads=200, days=20))
    with Sandbox.start(options) as running:
        yield running


@pytest.fixture
def page(browser: Browser, sandbox: Sandbox) -> Iterator[Page]:
    """The sandbox's page, live."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    output: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: output.append(message.text))
    page.on("pageerror", lambda error: output.append(str(error)))
    context.on("request", lambda request: asked.append(request.url))
    page.goto(sandbox.url)
    page.get_by_text("Live", exact=True).wait_for()
    yield page
    assert page.evaluate("window.broken") is None
    context.close()
    assert output == []
    assert [url for url in asked if not url.startswith(f"{sandbox.url}/")] == []
