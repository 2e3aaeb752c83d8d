"""Which sign is between the cells of a CSV: the one that splits header and most rows alike."""

from __future__ import annotations

import contextlib
import csv
import io
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The usual ones; where two do as well, the first counts.
DELIMITERS = (";", ",", "\t")
#: How many rows are looked at.
_SAMPLE_ROWS = 200


def delimiter_of(text: str) -> str | None:
    """Return the delimiter of a CSV by how it begins; None if no delimiter splits its header."""
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
    with contextlib.suppress(csv.Error):  # a cell without end: what came before it tells enough
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
