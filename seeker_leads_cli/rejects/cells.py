"""A value as a cell of a spreadsheet, and a cell that a person may have changed as a value: pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from seeker_leads_cli.rejects.spreadsheets import is_as_saved
from target_seeker_leads.singer.singer_json import decode, encode

#: In place of the value of a column that a record lacks.
ABSENT: Final = object()
#: What a spreadsheet would take for a formula, after any apostrophes, so that each text has an escape of its own.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")


def cell_of(value: Any) -> str:  # noqa: ANN401  # any JSON
    """Return the cell of a value: empty for null and for what is absent, JSON for what is neither text nor null."""
    if value is ABSENT or value is None:
        return ""
    return escaped(value if isinstance(value, str) else encode(value).decode())


def escaped(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula, and that any program can read."""
    # No CSV holds U+0000, and no UTF-8 half a surrogate pair.
    text = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(cell: str) -> str:
    """Return the text of a cell: `escaped` undone, exactly."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def value_of(cell: Any, before: Any) -> Any:  # noqa: ANN401  # cells and JSON
    """Return the value of a cell whose column had the value `before`.

    A cell that says what it said when it was written, or what a spreadsheet makes of that by itself, is the value as it
    was, null and what was absent included. Any other one is text; in the place of a number, of true or false, or of a
    nested value, it is the JSON that it holds.
    """
    text = _text(cell)
    written = cell_of(before)
    if text == written or is_as_saved(written, text):
        return before
    text = unescaped(text)
    if isinstance(before, str) or before is None or before is ABSENT:
        return text
    if _DECIMAL_COMMA.fullmatch(text) and isinstance(before, (int, Decimal)):
        return Decimal(text.replace(",", "."))
    try:
        return decode(text.encode()) if text else None
    except ValueError:
        return text


def _text(cell: Any) -> str:  # noqa: ANN401  # what a workbook may hold
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else encode(cell).decode()
