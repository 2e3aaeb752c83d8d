"""Detects a file's encoding: by its byte order mark, else UTF-8 if the whole file is valid UTF-8, else CP1252."""

from __future__ import annotations

import codecs
import contextlib
from typing import TYPE_CHECKING

from seeker_leads_cli.errors import InputFileError

if TYPE_CHECKING:
    from pathlib import Path

#: The encoding of Windows and Excel in western Europe, where it is not UTF-8.
WINDOWS = "cp1252"

_CHUNK_BYTES = 1024 * 1024
#: UTF-32 before UTF-16, since its little-endian mark begins with the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path, named: str | None = None) -> str:
    """Return the codec that reads the whole file; `named` is the encoding that the user names.

    Raises:
        InputFileError: the encoding is unknown, the file is not in it, or the file contains NUL characters.
    """
    if named is not None:
        codec = _codec(named)
        _check(path, codec, named)
        return codec
    with path.open("rb") as file:
        head = file.read(4)
    codec = next((codec for mark, codec in _MARKS if head.startswith(mark)), "")
    if codec:
        _check(path, codec, f"{codec.upper().removesuffix('-SIG')}, although it begins with its byte order mark")
        return codec
    if _first_problem(path, "utf-8") is None:
        return "utf-8"
    _check(path, WINDOWS, "UTF-8 or CP1252")
    return WINDOWS


def _codec(named: str) -> str:
    try:
        with contextlib.suppress(UnicodeDecodeError):
            b"a".decode(named)  # also refuses `rot13` and `zip`, which are not encodings of text
    except (LookupError, ValueError):
        msg = f"--encoding {named!r} is unknown: use, for example, utf-8, cp1252 or utf-16"
        raise InputFileError(msg) from None
    name = codecs.lookup(named).name
    return "utf-8-sig" if name == "utf-8" else name  # skips a byte order mark


def _check(path: Path, codec: str, shown: str) -> None:
    line = _first_problem(path, codec)
    if line is not None:
        msg = f"Line {line} of the file is not {shown}: name its encoding with --encoding, e.g. cp1252 or utf-8"
        raise InputFileError(msg)


def _first_problem(path: Path, codec: str) -> int | None:
    """Return the number of the first line that is not in this encoding; None if all are.

    Raises:
        InputFileError: the file contains a NUL character, so it is not a CSV.
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
                msg = f"Line {number} of the file contains a NUL character, so it is not a CSV: export it as CSV UTF-8"
                raise InputFileError(msg)
            if not chunk:
                return None
            line += text.count("\n")
