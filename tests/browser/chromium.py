"""Starts the system's Chromium for tests and screenshots."""

from __future__ import annotations

import contextlib
import shutil
import sys
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

#: It sends requests only to the sandbox.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def where() -> str | None:
    """Return the path of Chromium or Chrome, or None if neither is installed."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """Run Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=where(), args=FLAGS)
        try:
            yield started
        finally:
            started.close()


if __name__ == "__main__":
    if where() is None:
        sys.exit("Chromium is missing: on Debian and Ubuntu, 'apt-get install chromium'")
