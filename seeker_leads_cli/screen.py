"""Output for people: `rich` tables on a terminal if it is installed, plain text otherwise."""

from __future__ import annotations

import json
import sys
from datetime import timezone
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_LONGEST_TEXT = 60


def is_utf8(stream: TextIO) -> bool:
    """Return whether the stream can encode every character."""
    return stream.encoding.lower().replace("-", "") == "utf8"


def printable(value: Any, longest: int = _LONGEST_TEXT) -> str:  # noqa: ANN401  # any value
    """Return a value as short text on one line, without control characters."""
    text = "".join(char if char.isprintable() else " " for char in str(value)).strip()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def visible_json(text: str, *, ascii_only: bool = False) -> str:
    """Return JSON with escapes in place of those characters and, if asked for, of all that are not ASCII."""
    return "".join(
        char if char == "\n" or (char.isprintable() and (char.isascii() or not ascii_only)) else json.dumps(char)[1:-1]
        for char in text
    )


def instant(at: datetime) -> str:
    """Return an instant in UTC, to the second, as RFC 3339."""
    return f"{at.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"


def show_table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    if not _show_with_rich(heading, rows):
        widths = [max(len(row[place]) for row in (heading, *rows)) for place in range(len(heading))]
        for row in (heading, *rows):
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _show_with_rich(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    if not sys.stdout.isatty():
        return False
    try:
        from rich.console import Console  # noqa: PLC0415  # an extra
        from rich.table import Table  # noqa: PLC0415  # as above
        from rich.text import Text  # noqa: PLC0415  # as above
    except ImportError:
        return False
    table = Table(*heading)
    for row in rows:
        table.add_row(*map(Text, row))  # in a `Text`, brackets are not markup
    Console().print(table)
    return True
