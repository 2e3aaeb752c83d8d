"""The file of dead letters: where it is, how many letters wait in it, and who can read it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from seeker_leads_cli.doctor.check import Check
from seeker_leads_cli.doctor.folders import can_be_made

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "rejects file"


def check_rejects_file(path: Path) -> Check:
    """Look at the file, and change nothing."""
    try:
        problem, letters = _look(path)
    except FileNotFoundError:
        if can_be_made(path):
            return Check(_NAME, is_ok=True, says=f"{path} will be created with the first dead letter")
        problem, letters = "is not there and cannot be made: make its folder writable, or change `rejects_path`", 0
    except OSError as error:
        problem, letters = f"cannot be read ({os.strerror(error.errno or 0)}): make it readable and writable for you", 0
    if problem:
        return Check(_NAME, is_ok=False, says=f"{path} {problem}")
    wait = ": see `seeker-leads rejects list`" if letters else ""
    return Check(_NAME, is_ok=True, says=f"{path}, mode 0600, {letters:,} letters{wait}")


def _look(path: Path) -> tuple[str, int]:
    """Return what is wrong with the file, and how many letters it holds."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link, which the target refuses: let `rejects_path` name the file itself", 0
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file: let `rejects_path` name another one", 0
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        return f"has mode {mode:04o}, so others can read personal data: chmod 600", 0
    if not os.access(path, os.W_OK):
        return "cannot be written: make it writable for you", 0
    with path.open("rb") as file:
        return "", sum(not line.isspace() for line in file)
