"""Checks how large a workbook is in memory before it is read: a small ZIP archive can contain gigabytes.

The library that reads workbooks stores a sheet as a whole, with a place for each cell up to the last row and column. If
the memory is not enough, it ends the process.
"""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Final

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

_MAX_UNPACKED_BYTES: Final = 256 * 1024 * 1024
#: All rows of a sheet, with 32 columns.
_MAX_CELLS: Final = 32 * 1_048_576
_PIECE_BYTES: Final = 1024 * 1024
#: The address of a cell or row in a sheet: `<c r="B7">`, `<row r="7">`.
_ADDRESS = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{0,8})(\d{1,12})["'\s]""")
_LONGEST_ADDRESS = 64
#: Other kinds of workbooks, which store cells in other ways.
_OTHER_KINDS = frozenset({"content.xml", "xl/workbook.bin"})


def refuse_large_workbook(path: Path, name: str) -> None:
    """Check the size of an .xlsx; `name` is for messages.

    Raises:
        InputFileError: it is too large.
        ValueError: it is not an .xlsx.
        Exception: it is damaged; `zipfile` raises many types of errors.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        if not _OTHER_KINDS.isdisjoint(part.filename for part in parts):
            msg = "not an .xlsx"
            raise ValueError(msg)
        # The archive may claim smaller sizes, but then its parts are damaged for every reader.
        if sum(part.file_size for part in parts) > _MAX_UNPACKED_BYTES:
            msg = f"{name} unpacks to more than {_MAX_UNPACKED_BYTES:,} bytes: save it as CSV UTF-8"
            raise InputFileError(msg)
        for part in parts:
            rows, columns = _last_cell(archive, part)
            if rows * columns > _MAX_CELLS:
                msg = (
                    f"{name} has a sheet of {rows:,} rows and {columns:,} columns: delete the empty ones after the"
                    " leads, or save it as CSV UTF-8"
                )
                raise InputFileError(msg)


def _last_cell(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> tuple[int, int]:
    """Return the last row and the last column of a part of the archive, both counted from 1."""
    rows, letters = 1, {b"A"}
    with archive.open(part) as content:
        rest = b""
        while piece := content.read(_PIECE_BYTES):
            text = rest + piece
            for column, row in _ADDRESS.findall(text):
                letters.add(column)
                rows = max(rows, int(row))
            rest = text[-_LONGEST_ADDRESS:]
    return rows, max(map(_number, letters))


def _number(letters: bytes) -> int:
    """Return the number of a column: 1 for `A`, 27 for `AA`."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number
