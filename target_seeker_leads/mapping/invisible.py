"""Characters that nobody sees: a text of nothing else is empty, and an address with one of them reaches nobody."""

from __future__ import annotations

import unicodedata

#: Zero-width spaces, byte order marks, soft hyphens and marks of direction (Cf); control characters (Cc).
_CATEGORIES = frozenset({"Cf", "Cc"})


def is_blank(text: str) -> bool:
    """Return whether a text has nothing to see: blanks and invisible characters only."""
    if text.isprintable():  # as nearly every text is
        return not text or text.isspace()
    return all(char.isspace() or unicodedata.category(char) in _CATEGORIES for char in text)


def has_invisible(text: str) -> bool:
    """Return whether a text holds a character that is neither seen nor a blank."""
    return not text.isprintable() and any(unicodedata.category(char) == "Cf" for char in text)


def without_invisible(text: str) -> str:
    """Return the text without characters that are neither seen nor blanks."""
    return "".join(char for char in text if unicodedata.category(char) != "Cf") if has_invisible(text) else text
