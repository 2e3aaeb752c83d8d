"""Removes everything from a message that could be personal data or a secret.

Text from outside is shown only after `redact`. When in doubt, it hides: it removes a number that looks like a phone
number, and any quoted value that is not a name from the contract.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from seeker_leads_api.contract import load_openapi

MAX_LENGTH = 300
#: A longer text is not a message, and searching it for addresses would block all threads for too long.
_LONGEST_TEXT = 10 * MAX_LENGTH

_EMAIL = re.compile(r"\S*@\S*")
_TOKEN = re.compile(r"\b[Bb]earer\s+\S+|\beyJ[\w.\-]+|\b(?=[A-Za-z_\-]*\d)[\w\-]{32,}\b")
_PHONE = re.compile(r"\+?\d(?:[\s.()/\-]*\d){6,}")
# An apostrophe within a word neither opens nor closes a quotation.
_OPENING = "\"'`«“„\u2018\u201a"
_CLOSING = "\"'`»”“\u2019"
_QUOTED = re.compile(rf"(?<!\w)[{_OPENING}](?P<text>.*?)[{_CLOSING}](?!\w)")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def redact(text: str) -> str:
    """Return the text on one line, shortened, without e-mails, phone numbers, tokens and quoted values."""
    if len(text) > _LONGEST_TEXT:
        return "[a long text]"
    text = _QUOTED.sub(_hide_unless_a_name, text)
    text = _EMAIL.sub("[e-mail]", text)
    text = _TOKEN.sub("[token]", text)
    text = _PHONE.sub("[number]", text)
    text = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return text if len(text) <= MAX_LENGTH else text[: MAX_LENGTH - 1] + "…"


def shown_traceparent(value: str | None) -> str | None:
    """Return a `traceparent` header only if it is well-formed, so that it cannot carry other data."""
    return value if value and _TRACEPARENT.fullmatch(value) else None


def _hide_unless_a_name(match: re.Match[str]) -> str:
    return match.group() if match["text"] in _contract_names() else "'…'"


@cache
def _contract_names() -> frozenset[str]:
    """Names of parameters and fields in the contract: useful to show, and not personal data."""
    names: set[str] = set()

    def collect(node: Any) -> None:  # noqa: ANN401  # any JSON
        if isinstance(node, dict):
            names.update(node.get("properties", {}))
            if "in" in node and "name" in node:
                names.add(str(node["name"]))
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    collect(load_openapi())
    return frozenset(names)
