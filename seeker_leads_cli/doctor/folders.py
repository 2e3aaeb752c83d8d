"""Whether a file that is not there could be made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def can_be_made(path: Path) -> bool:
    """Return whether the nearest folder above the file that is there lets this user make files in it."""
    folder = next((above for above in path.parents if above.exists()), path.parent)
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
