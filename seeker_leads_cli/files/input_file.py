"""The input file of a command, from a path or `-` for standard input, as a file that can be read more than once."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

_STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that can be read any number of times."""

    path: Path
    name: str  #: as messages show it


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
        with _copied(sys.stdin.buffer, "stdin") as copy:
            yield copy
        return
    name = repr(argument)
    with _opened(argument, name) as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            yield InputFile(Path(argument), name)
        else:
            with _copied(file, name) as copy:
                yield copy


def _opened(argument: str, name: str) -> BinaryIO:
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
def _copied(source: BinaryIO, name: str) -> Iterator[InputFile]:
    # A named temporary file has mode 0600, as personal data requires.
    with tempfile.NamedTemporaryFile(prefix="seeker-leads-") as copy:
        try:
            shutil.copyfileobj(source, copy, 1024 * 1024)
            copy.flush()
        except OSError as error:
            msg = f"{name} could not be copied ({error.strerror}): set TMPDIR to a folder with free space"
            raise InputFileError(msg) from None
        yield InputFile(Path(copy.name), name)
