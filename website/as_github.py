"""Rewrite the pages for MkDocs, which reads some Markdown differently from GitHub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
_TOP_LEVEL_BLOCK = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_MORE_WORDS = re.compile(r"^(```\w+) .*")
_LINK = re.compile(r"(?<=\]\()(\.\./[^)#\s]+)")
_INSIDE_A_STEP = re.compile(r"^ {3}(?=.)", re.MULTILINE)


def address() -> str:
    """Return the address of the repository: the one in the definitions for the Hub, which is a placeholder at first."""
    repository: str = yaml.safe_load((ROOT / "hub" / "both.yml").read_text("utf-8"))["repo"]
    return repository


def readable(markdown: str, page: str, repository: str) -> str:
    """Return the page in a form that MkDocs shows as GitHub shows the original.

    A link to a file of the repository outside `docs/` becomes an address in the repository. A link to a missing file
    does not change, and the strict build refuses it. The content of a numbered step is indented by four spaces instead
    of three. After the opening fence of a block, only the first word remains: the language.
    """

    def absolute(link: re.Match[str]) -> str:
        file = (DOCS / page).parent.joinpath(link[1]).resolve()
        if not file.exists() or file.is_relative_to(DOCS) or not file.is_relative_to(ROOT):
            return link[1]
        return f"{repository}/{'tree' if file.is_dir() else 'blob'}/main/{file.relative_to(ROOT).as_posix()}"

    # The pattern is one group, so the odd parts are the blocks themselves.
    parts = _TOP_LEVEL_BLOCK.split(markdown)
    parts[1::2] = (_MORE_WORDS.sub(r"\1", part) for part in parts[1::2])
    parts[::2] = (_INSIDE_A_STEP.sub("    ", _LINK.sub(absolute, part)) for part in parts[::2])
    return "".join(parts)


def on_config(config: Any) -> Any:
    """Add the repository as the last entry of the navigation; MkDocs calls this first.

    With `repo_url` instead, the theme would ask GitHub for the number of stars on each page.
    """
    config["nav"].append({"Repository": address()})
    return config


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Return the page's text for MkDocs, which calls this for each page."""
    return readable(markdown, page.file.src_uri, address())
