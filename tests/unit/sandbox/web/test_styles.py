"""The style sheets of the sandbox's page."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import seeker_leads_sandbox.web
from seeker_leads_sandbox.web.page import part

FOLDER = Path(seeker_leads_sandbox.web.__file__).parent


def used_words() -> set[str]:
    """Return the words in the page, in its script, and in the texts of the modules that make its panels."""
    texts = [part("page.html").decode(), part("page.js").decode()]
    for module in FOLDER.glob("*.py"):
        nodes = ast.walk(ast.parse(module.read_text("utf-8")))
        texts += [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return {word for text in texts for word in re.findall(r"[\w-]+", text)}


@pytest.mark.parametrize("sheet", ["theme.css", "page.css"])
def test_every_class_of_a_style_is_one_of_the_page(sheet: str) -> None:
    """A style whose class was renamed in the page, or is gone from it, would have no effect."""
    selectors = re.sub(r"/\*.*?\*/|\{[^{}]*\}", "", part(sheet).decode(), flags=re.DOTALL)
    classes = {name.rstrip("0123456789") for name in re.findall(r"\.([a-z][\w-]*)", selectors)}
    assert classes - used_words() == set()
