"""Detects the kind of a file by its content, since input from a pipe has no name."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.csv_table import CsvTable
from seeker_leads_cli.files.excel_table import ExcelTable
from seeker_leads_cli.files.lines import LONGEST_ROW

if TYPE_CHECKING:
    from seeker_leads_cli.files.input_file import InputFile
    from seeker_leads_cli.files.table import Table

_ZIP = b"PK\x03\x04"  # an .xlsx is a ZIP archive
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")
_OTHER_FORMATS = {
    _OLD_OFFICE: "an old .xls, or has a password",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "compressed",
    b"{\\rtf": "RTF",
}


def table_of(file: InputFile, encoding: str | None = None) -> Table | None:
    """Return a file as a table; None if it contains Singer messages, which define their own streams.

    Raises:
        InputFileError: the file is neither.
    """
    with file.opened() as stream:
        head = stream.read(len(_OLD_OFFICE))
        if not head:
            msg = f"{file.name} is empty: export it again"
            raise InputFileError(msg)
        if head.startswith(_ZIP):
            return ExcelTable(file)
        for mark, kind in _OTHER_FORMATS.items():
            if head.startswith(mark):
                msg = f"{file.name} is {kind}: save or export it as .xlsx, or as CSV UTF-8"
                raise InputFileError(msg)
        stream.seek(0)
        first = stream.readline(LONGEST_ROW)
    return None if _is_message(first) else CsvTable(file, encoding)


def _is_message(line: bytes) -> bool:
    """Return whether a file that begins with this line contains Singer messages."""
    try:
        message = json.loads(line.removeprefix(codecs.BOM_UTF8))
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and "type" in message
