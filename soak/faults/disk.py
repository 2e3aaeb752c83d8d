"""A disk that is full or read-only: a small file system in memory, which needs root."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: What can happen to a disk, by name.
FAULTS = ("full disk", "read-only disk", "file size limit")
_SIZE = "16m"


@dataclass(frozen=True)
class Disk:
    """A folder, with a file system of its own where that is allowed."""

    folder: Path
    is_own: bool

    @contextmanager
    def fault(self, name: str | None, room_kib: int) -> Iterator[Callable[[], None] | None]:
        """Cause one of `FAULTS`, or none; yield what a new process must do for it before it starts, if anything."""
        if name is None:
            yield None
        elif name == "file size limit" or not self.is_own:
            yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room_kib * 1024, resource.RLIM_INFINITY))
        elif name == "full disk":
            ballast = self.folder / "ballast"
            found = os.statvfs(self.folder)
            ballast.write_bytes(bytes(max(found.f_bavail * found.f_frsize - room_kib * 1024, 0)))
            yield None
            ballast.unlink()
        else:
            self._remount("ro")
            yield None
            self._remount("rw")

    def _remount(self, mode: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{mode}", self.folder], check=True)


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """Make a folder, on a small file system of its own if this user may."""
    folder.mkdir()
    mount: list[str | Path] = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=700", "tmpfs", folder]
    try:
        is_own = subprocess.run(mount, check=False, capture_output=True).returncode == 0
    except OSError:
        is_own = False
    try:
        yield Disk(folder, is_own)
    finally:
        remove_disks(folder.parent)


def remove_disks(folder: Path) -> None:
    """Remove the file systems of the folders in a folder."""
    for each in folder.iterdir():
        if each.is_mount():
            subprocess.run(["umount", "-l", each], check=True)
