"""The whole page: the static frame with the current panels in it, so that it is readable without JavaScript."""

from __future__ import annotations

from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from seeker_leads_sandbox.web.markup import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_sandbox.web.markup import Markup

#: Name and type of the page's other files.
PARTS = {
    "theme.css": "text/css",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def render(panels: Mapping[str, Markup], **words: str) -> str:
    """Return the page with its panels, and with the escaped `words` in the frame's placeholders."""
    return Template(part("page.html").decode()).substitute(
        {**panels, **{key: join(text) for key, text in words.items()}}
    )


@cache
def part(name: str) -> bytes:
    """Return one of the files of the page."""
    return resources.files(__package__).joinpath("static").joinpath(name).read_bytes()
