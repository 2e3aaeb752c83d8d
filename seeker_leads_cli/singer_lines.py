"""Rows as Singer messages, created line by line as the target reads them."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, Any, cast

from seeker_leads_cli.errors import InputFileError
from target_seeker_leads.singer.singer_json import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from seeker_leads_cli.files.table import Table


def line_stream(lines: Iterable[bytes]) -> IO[bytes]:
    """Return a binary file that creates its lines as they are read."""
    return cast("IO[bytes]", _LineStream(lines))


class _LineStream(io.RawIOBase):
    """A binary file that creates its lines as they are read."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        super().__init__()
        self._lines = iter(lines)

    def readable(self) -> bool:
        """Return true."""
        return True

    def readline(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002  # a message is always read whole
        """Return the next line, or an empty one at the end."""
        return next(self._lines, b"")


def messages_of(table: Table, stream: str, key_properties: Sequence[str]) -> Iterator[bytes]:
    """Yield a SCHEMA message for the table, then a RECORD message for each row."""
    properties: dict[str, Any] = {column: {} for column in table.columns}
    yield _line(
        {"type": "SCHEMA", "stream": stream, "schema": {"properties": properties}, "key_properties": key_properties}
    )
    for row in table.rows():
        yield _line({"type": "RECORD", "stream": stream, "record": row})


def count_records(lines: Iterable[bytes], name: str) -> int:
    """Return the number of RECORD messages.

    Raises:
        InputFileError: a line is not a message.
    """
    records = 0
    for number, line in enumerate(lines, start=1):
        if line.isspace():
            continue
        try:
            message = decode(line)
        except ValueError:
            message = None
        if not isinstance(message, dict) or "type" not in message:
            msg = f"Line {number} of {name} is not a Singer message: check the program that wrote it"
            raise InputFileError(msg)
        records += message["type"] == "RECORD"
    return records


def _line(message: dict[str, Any]) -> bytes:
    return encode(message) + b"\n"
