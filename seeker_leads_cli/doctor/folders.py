"""Checks whether a file that does not exist could be created."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def can_be_made(path: Path) -> bool:
    """Return whether this user may create files in the nearest existing folder above the file."""
    folder = next((above for above in path.parents if above.exists()), path.parent)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
