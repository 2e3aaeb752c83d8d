"""Exports letters as a CSV to edit: UTF-8 with a byte order mark, and semicolons, as French Excel expects."""

from __future__ import annotations

import contextlib
import csv
import os
from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError
from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.rejects.cells import ABSENT, cell_of, escaped
from seeker_leads_cli.rejects.columns import ID, REASONS, headings_of
from seeker_leads_cli.rejects.reasons import in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import TextIO

    from seeker_leads_cli.rejects.letters import Letter


def export(letters: Sequence[Letter], path: Path) -> None:
    """Write letters to a new file that only its owner can read.

    Raises:
        InputFileError: the file already exists, or cannot be created.
        FatalError: the file could not be written completely; it is removed again.
    """
    headings = headings_of(letters)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        msg = f"{str(path)!r} already exists and may contain corrections: give another name, or remove it"
        raise InputFileError(msg) from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "it is not a valid path"
        msg = f"{str(path)!r} cannot be written ({problem}): give a path in a folder that you can write to"
        raise InputFileError(msg) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            _write(file, headings, letters)
    except BaseException as error:
        # A part of the letters would look like all of them. After a signal, too, no personal data is left.
        with contextlib.suppress(OSError):
            path.unlink()
        if not isinstance(error, OSError):
            raise
        msg = f"{str(path)!r} could not be written ({error.strerror}): give a path on a disk with free space"
        raise FatalError(msg) from None


def _write(file: TextIO, headings: dict[str, str], letters: Iterable[Letter]) -> None:
    writer = csv.writer(file, delimiter=";")
    writer.writerow([ID, *headings, REASONS])
    for letter in letters:
        cells = [cell_of(letter.record.get(name, ABSENT)) for name in headings.values()]
        reasons = " | ".join(f"{in_words(reason.field, reason.rule)}. {reason.cure}" for reason in letter.reasons)
        writer.writerow([letter.id, *cells, escaped(reasons)])
