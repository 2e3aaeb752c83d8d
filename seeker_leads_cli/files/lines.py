"""The lines of a file, of bounded length, so that a file without line breaks does not fill the memory."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, AnyStr, Generic

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from typing_extensions import Self

    from seeker_leads_cli.files.input_file import InputFile

#: In characters or bytes; a lead has a few hundred.
LONGEST_ROW = 16 * 1024 * 1024


class Lines(Generic[AnyStr]):
    """An iterator of lines; lines up to a call of `next_row` are one row, since a cell can contain line breaks.

    Raises:
        InputFileError: a row is too long, or the file was changed: then this line may be parts of two rows.
    """

    def __init__(self, file: IO[AnyStr], source: InputFile) -> None:
        self._file: IO[AnyStr] = file
        self._source = source
        self._number = 0
        self._length = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> AnyStr:
        line = self._file.readline(LONGEST_ROW + 1)
        self._source.refuse_change(self._file)
        if not line:
            raise StopIteration
        self._number += 1
        self._length += len(line)
        if self._length > LONGEST_ROW:
            msg = (
                f"Line {self._number} of {self._source.name} belongs to a row of more than {LONGEST_ROW:,} characters,"
                " so it is not a file of leads: export it again"
            )
            raise InputFileError(msg)
        return line

    def next_row(self) -> None:
        """Begin a row."""
        self._length = 0
