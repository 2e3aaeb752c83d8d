"""HTML without injection: every text is escaped on entry, and only this module creates markup."""

from __future__ import annotations

import html
import unicodedata
from typing import Any

import msgspec

LONGEST_TEXT = 400
#: Elements of HTML and SVG without an end tag, as far as the page uses them.
_VOID = frozenset({"br", "input"})
_CONTROLS = frozenset({"Cc", "Cs"})


class Markup(str):
    """HTML that is safe to show."""

    __slots__ = ()


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Return an element; children that are not markup are escaped.

    Pass attributes as keywords: `class_` becomes `class`, and `data_key` becomes `data-key`. None and False leave an
    attribute out. True writes its name alone.
    """
    shown = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{name}{shown}>" if name in _VOID else f"<{name}{shown}>{join(*children)}</{name}>")


def join(*children: object) -> Markup:
    """Concatenate children; None is skipped and lists are flattened."""
    return Markup("".join(_child(child) for child in children))


def text_of(value: Any, longest: int = LONGEST_TEXT) -> str:  # noqa: ANN401  # any JSON
    """Return any JSON value as text of bounded length, without control characters; null becomes an empty text."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in _CONTROLS and char not in "\n\t" else char
        for char in text[: longest + 1]
    )
    return text if len(text) <= longest else f"{text[:longest]}…"


def _child(child: object) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, (list, tuple)):
        return join(*child)
    return html.escape(str(child))
