"""Folders that only their owner can look into."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def user_folder(of_app: Callable[[str], Path]) -> Path | None:
    """Return this user's folder of one of platformdirs' kinds; None for a user without a home, as containers have."""
    try:
        return of_app("seeker-leads").expanduser()  # older versions of platformdirs leave the ~ in it
    except RuntimeError:
        return None


def make_private_folder(folder: Path) -> None:
    """Make the folder and those above it that are missing, all 0700; what is there stays as it is."""
    # With `parents=True` mkdir would give the mode to the last one only.
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
