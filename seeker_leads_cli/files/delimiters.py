"""Detects the delimiter of a CSV: the one that splits the header and most rows into the same number of cells."""

from __future__ import annotations

import contextlib
import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The usual delimiters; if two fit equally well, the first one is used.
DELIMITERS = (";", ",", "\t")
#: Number of rows that are checked.
_SAMPLE_ROWS = 200


def delimiter_of(text: str) -> str | None:
    """Return the delimiter of a CSV from the beginning of its text; None if no delimiter splits the header."""
    best, best_score = None, (0.0, 0)
    for delimiter in DELIMITERS:
        rows = [row for row in islice(_rows(text, delimiter), _SAMPLE_ROWS) if any(row)]
        width = len(rows[0]) if rows else 0
        if width < 2:  # noqa: PLR2004  # it does not split the header
            continue
        alike = sum(len(row) == width for row in rows) / len(rows)
        if (alike, width) > best_score:
            best, best_score = delimiter, (alike, width)
    return best


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    with contextlib.suppress(csv.Error):  # a cell that is not closed: the rows before it are enough
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
