"""Tables in Markdown that are aligned in a terminal too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

NONE = "-"
_FIGURE = re.compile(r"[-+]?[0-9.,]*( ?[%x])?")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the table; a column that holds only figures is aligned to the right."""
    body = [list(row) for row in rows]
    columns = [_column(title, [row[index] for row in body]) for index, title in enumerate(head)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in zip(*columns, strict=True))


def _column(title: str, cells: Sequence[str]) -> list[str]:
    width = max(len(cell) for cell in (title, *cells))
    if all(_FIGURE.fullmatch(cell) for cell in cells):
        return [title.rjust(width), f"{'-' * (width - 1)}:", *(cell.rjust(width) for cell in cells)]
    return [title.ljust(width), "-" * width, *(cell.ljust(width) for cell in cells)]
