"""Text from outside in log lines and messages, such as the names of a source's columns, shown without harm."""

from __future__ import annotations

import logging

#: After a line break within a message, so that no part of it looks like a log line of its own.
_INDENTED = "\n  "


def visible(text: str) -> str:
    """Return text with a space in place of each character that could change how a terminal shows the other ones."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


class VisibleFormatter(logging.Formatter):
    """Formats as another formatter does, but no name in a message can forge a log line or control the terminal."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return visible(self._inner.format(record)).replace("\n", _INDENTED)


def make_visible(root: logging.Logger) -> None:
    """Let the handlers of a logger, and of all loggers below it, write only visible characters."""
    for logger in (root, *root.manager.loggerDict.values()):
        for handler in logger.handlers if isinstance(logger, logging.Logger) else ():
            inner = handler.formatter or logging.Formatter()
            if not isinstance(inner, VisibleFormatter):
                handler.setFormatter(VisibleFormatter(inner))
