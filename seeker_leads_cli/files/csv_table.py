"""A CSV as rows, streamed so that memory does not grow with the file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.delimiters import delimiter_of
from seeker_leads_cli.files.encodings import encoding_of
from seeker_leads_cli.files.lines import Lines
from seeker_leads_cli.files.table import Header

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seeker_leads_cli.files.input_file import InputFile

#: Length of the beginning of a file in which the delimiter is detected.
_SAMPLE_CHARACTERS = 256 * 1024
_DELIMITER_NAMES = {"\t": "tabs"}
_ENCODING_NAMES = {"utf-8-sig": "UTF-8"}


class CsvTable:
    """A CSV file with a detected encoding and delimiter."""

    def __init__(self, file: InputFile, encoding: str | None = None) -> None:
        """Detect encoding, delimiter and header.

        Raises:
            InputFileError: the file is not a CSV, or not in the given encoding.
        """
        self._file = file
        self._encoding = encoding_of(file.path, encoding)
        with file.opened(self._encoding) as text:
            sample = text.read(_SAMPLE_CHARACTERS)
        if not sample.strip():
            msg = f"{file.name} is empty: export it again"
            raise InputFileError(msg)
        delimiter = delimiter_of(sample)
        if delimiter is None:
            msg = f"{file.name} is not a CSV: no comma, semicolon or tab splits its first line"
            raise InputFileError(msg)
        self._delimiter = delimiter
        self._header = Header(next(self._cells(), (1, []))[1])

    @property
    def columns(self) -> tuple[str, ...]:
        """The named columns, in order."""
        return self._header.columns

    @property
    def unnamed(self) -> Sequence[int]:
        """The numbers of the columns without a name that have values in the rows read so far."""
        return self._header.unnamed

    @property
    def form(self) -> str:
        """The detected format."""
        encoding = _ENCODING_NAMES.get(self._encoding, self._encoding.upper())
        return f"CSV in {encoding}, with {_DELIMITER_NAMES.get(self._delimiter, self._delimiter)} between cells"

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows that are not empty.

        Raises:
            InputFileError: a row does not fit the header.
        """
        cells = self._cells()
        next(cells, None)
        width, record = self._header.width, self._header.record
        for line, row in cells:
            if len(row) != width:
                msg = (
                    f"Line {line} has {len(row):,} cells, but the header has {width:,}: put text that contains"
                    " a delimiter or a line break in double quotes, or export the file again"
                )
                raise InputFileError(msg)
            yield record(row)

    def _cells(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each row that is not empty, with the number of its last line."""
        with self._file.opened(self._encoding) as text:
            lines = Lines(text, self._file)
            # Without `strict`, a quote that is not closed would silently make the following rows a part of its cell.
            reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            begins_at = 1
            try:
                for row in reader:
                    lines.next_row()
                    if any(row):
                        yield reader.line_num, row
                    begins_at = reader.line_num + 1
            except csv.Error:
                # The reader can fail only for this reason here, also if a cell is too long: NUL was already refused.
                msg = (
                    f"The row that begins in line {begins_at} has a cell in double quotes that does not end with one:"
                    " double each quote within such a cell, or export the file again"
                )
                raise InputFileError(msg) from None
