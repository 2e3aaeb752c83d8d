"""Reads Singer messages from stdin, line by line. An error gives the number of the line, never its content."""

from __future__ import annotations

import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.singerlib.encoding.base import GenericSingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine

from seeker_leads_api.errors import FatalError, StoppedError
from target_seeker_leads.singer.singer_json import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HINT = "Nothing before it is lost. Check what the tap, or any program in between, writes to stdout"


class LineReader(GenericSingerReader[bytes]):
    """Passes each message to `handle`, which returns its type, instead of to the SDK's callbacks.

    It reads bytes, so the locale does not matter.
    """

    def __init__(self, handle: Callable[[dict[str, Any]], str]) -> None:
        super().__init__()
        self._handle = handle
        self._is_waiting = False
        self._signal: int | None = None

    @property
    def default_input(self) -> IO[bytes]:
        """Standard input.

        Raises:
            FatalError: the program was started without one.
        """
        if sys.stdin is None:
            msg = "stdin is closed: pipe a tap's output into it, or name a file with --input"
            raise FatalError(msg)
        return sys.stdin.buffer

    def stop(self, signal_number: int) -> None:
        """Stop reading once the current line is handled. It may be called from a signal handler.

        Only the first call has an effect, so that the stop that it began can finish.

        Raises:
            StoppedError: at once, if the reader is waiting for input.
        """
        if self._signal is not None:
            return
        self._signal = signal_number
        if self._is_waiting:
            raise StoppedError(signal_number)

    def process_lines(self, file_input: IO[Any] | None, callbacks: object) -> Counter[str]:  # noqa: ARG002  # the SDK's
        """Handle each message; return the number of messages by type. Blank lines are skipped.

        Raises:
            FatalError: a line is not a Singer message that this target accepts.
            StoppedError: a signal arrived.
        """
        found: Counter[str] = Counter()
        for number, line in self._lines(file_input or self.default_input):
            if line.isspace():
                continue
            try:
                found[self._handle(self.deserialize_json(line))] += 1
            except InvalidInputLine as error:
                msg = f"Line {number} of the input {error}. {_HINT}"
                raise FatalError(msg) from None
        return found

    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        """Return the message in a line.

        Raises:
            InvalidInputLine: it is not a JSON object.
        """
        try:
            message = decode(line)
        except ValueError:
            msg = "is not JSON"
            raise InvalidInputLine(msg) from None
        if not isinstance(message, dict):
            msg = "is not a JSON object"
            raise InvalidInputLine(msg)
        return message

    def _lines(self, file: IO[Any]) -> Iterator[tuple[int, bytes]]:
        # `--input` opens a text file in the locale's encoding: read its bytes instead.
        source: IO[Any] = getattr(file, "buffer", file)
        number = 0
        while True:
            number += 1
            # A signal before this line is noticed below; a signal after it raises during the wait.
            self._is_waiting = True
            if self._signal is not None:
                raise StoppedError(self._signal)
            line = source.readline()
            self._is_waiting = False
            if not line:
                return
            yield number, line.encode() if isinstance(line, str) else line
