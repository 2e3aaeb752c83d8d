"""A CSV as rows, read as a stream: memory does not grow with the file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.delimiters import delimiter_of
from seeker_leads_cli.files.encodings import encoding_of
from seeker_leads_cli.files.table import Header

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seeker_leads_cli.files.given import GivenFile

#: Of the beginning of a file, by which the delimiter is found.
_SAMPLE_CHARACTERS = 256 * 1024
_DELIMITER_NAMES = {"\t": "tabs"}
_ENCODING_NAMES = {"utf-8-sig": "UTF-8"}


class CsvTable:
    """A CSV, of which encoding and delimiter are known."""

    def __init__(self, file: GivenFile, encoding: str | None = None) -> None:
        """Find out encoding, delimiter and header.

        Raises:
            InputFileError: it is not a CSV, or not in that encoding.
        """
        self._file = file
        self._encoding = encoding_of(file.path, encoding)
        with file.path.open(encoding=self._encoding, newline="") as text:
            sample = text.read(_SAMPLE_CHARACTERS)
        if not sample.strip():
            msg = f"{file.name} is empty: export it again"
            raise InputFileError(msg)
        delimiter = delimiter_of(sample)
        if delimiter is None:
            msg = f"{file.name} is not a CSV: its first line is not split by a comma, a semicolon or a tab"
            raise InputFileError(msg)
        self._delimiter = delimiter
        self._header = Header(next(self._cells())[1])

    @property
    def columns(self) -> tuple[str, ...]:
        """The named columns, in order."""
        return self._header.columns

    @property
    def form(self) -> str:
        """What was recognised."""
        encoding = _ENCODING_NAMES.get(self._encoding, self._encoding.upper())
        return f"CSV in {encoding}, with {_DELIMITER_NAMES.get(self._delimiter, self._delimiter)} between cells"

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows that hold anything.

        Raises:
            InputFileError: a row does not fit the header.
        """
        cells = self._cells()
        next(cells)
        width, record = self._header.width, self._header.record
        for line, row in cells:
            if len(row) != width:
                msg = (
                    f"Line {line} has {len(row):,} cells, but the header has {width:,}: put a text that holds a"
                    " delimiter or a line break in double quotes, or export the file again"
                )
                raise InputFileError(msg)
            yield record(row)

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not empty, with the number of its last line."""
        with self._file.path.open(encoding=self._encoding, newline="") as text:
            reader = csv.reader(text, delimiter=self._delimiter)
            try:
                for row in reader:
                    if any(row):
                        yield reader.line_num, row
            except csv.Error:
                # Of all that Python's reader may find, only this: NUL characters were looked for before.
                msg = (
                    f"Line {reader.line_num} has a cell of more than {csv.field_size_limit():,} characters: a double"
                    " quote before it is not closed"
                )
                raise InputFileError(msg) from None
