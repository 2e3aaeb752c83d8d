"""The input file of a command, from a path or `-` for standard input, as a file that can be read more than once."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

_STANDARD_INPUT = "-"
_PIECE_BYTES = 1024 * 1024
#: Input that is not a file is copied only up to this size, since it may never end.
_MAX_COPIED_BYTES = 2 * 1024 * _PIECE_BYTES


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that can be read any number of times."""

    path: Path
    name: str  #: as messages show it
    version: tuple[int, ...] | None = None  #: what identifies its content; None: not checked

    @contextlib.contextmanager
    def opened(self, encoding: str | None = None) -> Iterator[IO[Any]]:
        """Open the file: as text in an encoding that fits it, or without an encoding, as bytes.

        Raises:
            InputFileError: it cannot be read to its end, or it is no longer the file that was given.
        """
        try:
            with self.path.open("rb" if encoding is None else "r", encoding=encoding, newline=encoding and "") as file:
                self.refuse_change(file)
                yield file
                self.refuse_change(file)
        except UnicodeError:
            raise self._changed() from None  # it was in this encoding before
        except OSError as error:
            msg = f"{self.name} could not be read to its end ({error.strerror}): check its disk, and run again"
            raise InputFileError(msg) from None

    def refuse_change(self, file: IO[Any]) -> None:
        """Check that an open file is still the one that was given.

        Raises:
            InputFileError: it was replaced or written.
        """
        if self.version not in (None, _version_of(file)):
            raise self._changed()

    def _changed(self) -> InputFileError:
        return InputFileError(f"{self.name} changed while it was read: run again when no other program writes to it")


def _version_of(file: IO[Any]) -> tuple[int, ...]:
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@contextlib.contextmanager
def open_input_file(argument: str) -> Iterator[InputFile]:
    """Check a file; input from a pipe is copied to a temporary file, which is deleted at the end.

    Raises:
        InputFileError: the input cannot be read.
    """
    if argument == _STANDARD_INPUT:
        if sys.stdin is None:
            msg = "stdin is closed: give the path of a file"
            raise InputFileError(msg)
        with _copied(cast("BufferedReader", sys.stdin.buffer), "stdin") as copy:
            yield copy
        return
    name = repr(argument)
    with _opened(argument, name) as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISREG(mode):
            yield InputFile(Path(argument), name, _version_of(file))
        elif stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
            msg = f"{name} is a device: give the path of a file"
            raise InputFileError(msg)
        else:
            with _copied(file, name) as copy:
                yield copy


def _opened(argument: str, name: str) -> BufferedReader:
    try:
        return Path(argument).open("rb")
    except IsADirectoryError:
        problem = "is a folder: give the path of a file in it"
    except FileNotFoundError:
        problem = "does not exist: check its path"
    except OSError as error:
        problem = f"cannot be read ({error.strerror}): check its type and permissions"
    except ValueError:
        problem = "is not a valid path: check it"
    msg = f"{name} {problem}"
    raise InputFileError(msg)


@contextlib.contextmanager
def _copied(source: BufferedReader, name: str) -> Iterator[InputFile]:
    # A named temporary file has mode 0600, as personal data requires.
    with tempfile.NamedTemporaryFile(prefix="seeker-leads-") as copy:
        try:
            left = _MAX_COPIED_BYTES
            # `read` would fill a whole piece before it handles a signal, and a pipe may never give that much.
            while piece := source.read1(min(left + 1, _PIECE_BYTES)):
                copy.write(piece)
                left -= len(piece)
                if left < 0:
                    msg = f"{name} has more than {_MAX_COPIED_BYTES:,} bytes: save it as a file, and give its path"
                    raise InputFileError(msg)
            copy.flush()
        except OSError as error:
            with contextlib.suppress(OSError):
                copy.close()  # writes what is left, so it fails in the same way
            msg = f"{name} could not be copied ({error.strerror}): set TMPDIR to a folder with free space"
            raise InputFileError(msg) from None
        yield InputFile(Path(copy.name), name)
