"""Invisible characters: a text of nothing else is empty, and an address that contains one does not work."""

from __future__ import annotations

import unicodedata

#: Zero-width spaces, byte order marks, soft hyphens and direction marks (Cf); control characters (Cc).
_CATEGORIES = frozenset({"Cf", "Cc"})


def is_blank(text: str) -> bool:
    """Return whether a text consists only of blanks and invisible characters."""
    if text.isprintable():  # as nearly every text is
        return not text or text.isspace()
    return all(char.isspace() or unicodedata.category(char) in _CATEGORIES for char in text)


def has_invisible(text: str) -> bool:
    """Return whether a text contains an invisible character that is not a blank."""
    return not text.isprintable() and any(unicodedata.category(char) == "Cf" for char in text)


def without_invisible(text: str) -> str:
    """Return the text without invisible characters; blanks stay."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf") if has_invisible(text) else text
