"""The whole page: the fixed frame with the panels of this moment in it, so that it needs no script to be read."""

from __future__ import annotations

from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from seeker_leads_sandbox.web.markup import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_sandbox.web.markup import Markup

#: File, type: what the page is made of beside itself.
PARTS = {
    "theme.css": "text/css",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def render(panels: Mapping[str, Markup], **words: str) -> str:
    """Return the page with its panels, and with `words` where the frame names them; they are escaped."""
    return Template(part("page.html").decode()).substitute(
        {**panels, **{key: join(text) for key, text in words.items()}}
    )


@cache
def part(name: str) -> bytes:
    """Return one of the files beside this module."""
    return resources.files(__package__).joinpath("static").joinpath(name).read_bytes()
