"""Checks the file of dead letters: its path, its mode, and the number of letters."""

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
    """Check the file without changing anything."""
    try:
        problem, mode, letters = _look(path)
    except FileNotFoundError:
        if can_be_made(path):
            return Check(_NAME, is_ok=True, says=f"{path} will be created with the first dead letter")
        return _wrong(path, "cannot be created: make its folder writable, or change `rejects_path`")
    except OSError as error:
        return _wrong(path, f"cannot be read ({os.strerror(error.errno or 0)}): make it readable and writable")
    if problem:
        return _wrong(path, problem)
    see = " (see `seeker-leads rejects list`)" if letters else ""
    return Check(_NAME, is_ok=True, says=f"{path}, mode {mode:04o}, letters: {letters:,}{see}")


def _wrong(path: Path, problem: str) -> Check:
    return Check(_NAME, is_ok=False, says=f"{path} {problem}")


def _look(path: Path) -> tuple[str, int, int]:
    """Return what is wrong with the file, its mode, and the number of its letters."""
    found = path.lstat()
    mode = stat.S_IMODE(found.st_mode)
    if stat.S_ISLNK(found.st_mode):
        return "is a symbolic link, which the target refuses: set `rejects_path` to the file itself", mode, 0
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file: set `rejects_path` to another one", mode, 0
    if mode & 0o077:
        return f"has mode {mode:04o}, so others can read personal data: chmod 600", mode, 0
    if not os.access(path, os.W_OK):
        return "cannot be written: make it writable", mode, 0
    with path.open("rb") as file:
        return "", mode, sum(not line.isspace() for line in file)
