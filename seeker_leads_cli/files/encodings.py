"""In which encoding a text file is: a byte order mark says it, else strict UTF-8 over the whole file, else CP1252."""

from __future__ import annotations

import codecs
import contextlib
from typing import TYPE_CHECKING

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

#: What Windows and Excel write in western Europe where they do not write UTF-8.
WINDOWS = "cp1252"

_CHUNK_BYTES = 1024 * 1024
#: The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path, given: str | None = None) -> str:
    """Return the codec in which the whole file can be read; `given` is what the user says that it is.

    Raises:
        InputFileError: there is no such encoding, or the file is not in it, or it holds NUL characters.
    """
    if given is not None:
        codec = _codec(given)
        _check(path, codec, given)
        return codec
    with path.open("rb") as file:
        head = file.read(4)
    codec = next((codec for mark, codec in _MARKS if head.startswith(mark)), "")
    if codec:
        _check(path, codec, f"{codec.upper().removesuffix('-SIG')}, as its first bytes say")
        return codec
    if _first_problem(path, "utf-8") is None:
        return "utf-8"
    _check(path, WINDOWS, "UTF-8, nor CP1252")
    return WINDOWS


def _codec(given: str) -> str:
    try:
        with contextlib.suppress(UnicodeDecodeError):
            b"a".decode(given)  # finds out too that `rot13` and `zip` are codecs, but not of texts
    except (LookupError, ValueError):
        msg = f"--encoding {given!r} is not known: give e.g. utf-8, cp1252 or utf-16"
        raise InputFileError(msg) from None
    name = codecs.lookup(given).name
    return "utf-8-sig" if name == "utf-8" else name  # a mark may be there, and is not part of a name


def _check(path: Path, codec: str, shown: str) -> None:
    line = _first_problem(path, codec)
    if line is not None:
        msg = f"Line {line} of the file is not {shown}: say with --encoding what the file is in, e.g. cp1252 or utf-8"
        raise InputFileError(msg)


def _first_problem(path: Path, codec: str) -> int | None:
    """Return the number of the first line that is not in this encoding; None if all are.

    Raises:
        InputFileError: there is a NUL character, so it is another kind of file.
    """
    decoder = codecs.getincrementaldecoder(codec)("strict")
    line = 1
    with path.open("rb") as file:
        while True:
            chunk = file.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                before = error.object[: error.start] if isinstance(error, UnicodeDecodeError) else b""
                return line + before.count(b"\n")
            if "\0" in text:
                number = line + text[: text.index("\0")].count("\n")
                msg = f"Line {number} of the file holds a NUL character: this is not a CSV, so export it as CSV UTF-8"
                raise InputFileError(msg)
            if not chunk:
                return None
            line += text.count("\n")
