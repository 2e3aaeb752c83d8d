"""A command's input as Singer messages: created from the rows of a table, or read from a file of messages."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.input_file import open_input_file
from seeker_leads_cli.files.kinds import table_of
from seeker_leads_cli.files.lines import Lines
from seeker_leads_cli.screen import printable
from seeker_leads_cli.singer_lines import count_records, line_stream, messages_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_cli.files.input_file import InputFile
    from seeker_leads_cli.files.table import Table


@dataclass(frozen=True, slots=True)
class InputOptions:
    """How to read a file."""

    file: str
    encoding: str | None = None
    stream: str = "leads"
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """A file that can be read as Singer messages any number of times."""

    file: InputFile
    options: InputOptions
    table: Table | None  #: None for a file of Singer messages

    @property
    def name(self) -> str:
        """The file, as messages show it."""
        return self.file.name

    @property
    def form(self) -> str:
        """The detected format."""
        return self.table.form if self.table else "Singer messages"

    @property
    def warning(self) -> str | None:
        """What a person must know about the rows that were read; None if there is nothing."""
        if not self.table or not self.table.unnamed:
            return None
        numbers = ", ".join(map(str, self.table.unnamed))
        return (
            f"Not used, because the first row has no name for them: columns {numbers}. Give them names if you need them"
        )

    def check(self) -> int:
        """Read the whole file, so that a broken one is found before anything is sent; return the number of rows.

        Raises:
            InputFileError: a part of the file cannot be read.
        """
        if self.table:
            return sum(1 for _ in self.table.rows())
        with self.file.opened() as file:
            return count_records(_messages_in(file, self.file), self.name)

    @contextlib.contextmanager
    def messages(self, wrap: Callable[[Iterator[bytes]], Iterator[bytes]] = iter) -> Iterator[IO[bytes]]:
        """Open the messages from the first one; `wrap` is applied to the lines."""
        if self.table:
            yield line_stream(wrap(messages_of(self.table, self.options.stream, self.options.keys)))
        else:
            with self.file.opened() as file:
                yield line_stream(wrap(_messages_in(file, self.file)))


@contextlib.contextmanager
def open_input(options: InputOptions) -> Iterator[Input]:
    """Open a file and detect its format.

    Raises:
        InputFileError: the file cannot be read as leads, or an option does not apply to it.
    """
    with open_input_file(options.file) as source:
        table = table_of(source, options.encoding)
        if table is None and options.keys:
            msg = f"{source.name} contains Singer messages, which define their own keys: remove --key"
            raise InputFileError(msg)
        if missing := [key for key in options.keys if table and key not in table.columns]:
            columns = ", ".join(map(printable, table.columns if table else ()))
            msg = f"--key {missing[0]!r} is not a column: the columns are {columns}"
            raise InputFileError(msg)
        yield Input(source, options, table)


def _messages_in(file: IO[bytes], source: InputFile) -> Iterator[bytes]:
    lines = Lines(file, source)
    for line in lines:
        lines.next_row()
        yield line
