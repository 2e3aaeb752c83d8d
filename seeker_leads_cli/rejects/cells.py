"""Converts values to spreadsheet cells, and cells that a person may have edited back to values: pure functions."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from seeker_leads_cli.rejects.spreadsheets import is_as_saved
from target_seeker_leads.singer.singer_json import decode, encode

#: The value of a column that a record lacks.
ABSENT: Final = object()
#: What a spreadsheet could read as a formula: after blanks and invisible characters, too, and in Asia's full width.
_START = r"(?:[\t\r\n]|[\s\ufeff\u200b-\u200f\u202a-\u202e\u2060-\u2064]*[=+\-@\uff1d\uff0b\uff0d\uff20])"
#: Apostrophes may precede it, so that escaping can be undone exactly.
_FORMULA = re.compile(f"'*{_START}")
_ESCAPED = re.compile(f"'+{_START}")
_DECIMAL_COMMA = re.compile(r"-?\d+,\d+")


def cell_of(value: Any) -> str:  # noqa: ANN401  # any JSON
    """Return the cell of a value: empty if it is null or absent, unchanged if it is text, otherwise JSON."""
    if value is ABSENT or value is None:
        return ""
    return escaped(value if isinstance(value, str) else encode(value).decode())


def escaped(text: str) -> str:
    """Return text as a cell that no spreadsheet reads as a formula and that any program can decode."""
    # A CSV cannot contain U+0000, and UTF-8 cannot encode a lone surrogate.
    text = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return f"'{text}" if _FORMULA.match(text) else text


def unescaped(cell: str) -> str:
    """Return the text of a cell: the exact inverse of `escaped`."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def value_of(cell: Any, before: Any) -> Any:  # noqa: ANN401  # cells and JSON
    """Return the value of a cell whose column had the value `before`.

    A cell that is unchanged, or changed only by the spreadsheet program, keeps its value exactly, even null or absent.
    Any other cell is text. If it replaces a number, a boolean or a nested value, and is valid JSON, it is read as JSON.
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


def _text(cell: Any) -> str:  # noqa: ANN401  # any value of a workbook
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else encode(cell).decode()
