"""A file that several processes share: opened under a lock, still at its path, and never through a symbolic link."""

from __future__ import annotations

import contextlib
import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_api.private_files import make_private_folder, try_lock, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Much longer than a write takes: a process that holds the lock for longer is editing the file, or is frozen.
LOCK_TIMEOUT_SECONDS = 60.0
#: Without O_NONBLOCK, a named pipe would block until another process reads it.
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class LockedFile:
    """An open file. The caller closes `handle`, which unlocks it."""

    handle: int
    is_locked: bool  #: False if the file system does not support locks


def open_locked(
    path: Path,
    *,
    creates: bool,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> LockedFile | None:
    """Open a file for reading and appending, and lock it; None if another program holds the lock for a minute.

    The returned file is the one at the path: a file that is moved or replaced during the wait is not used. If `sleep`
    raises, the wait ends.

    Raises:
        OSError: it cannot be opened, it is not a regular file, or it does not exist and `creates` is false.
    """
    return wait_for_lock(
        lambda: _try_open(path, creates=creates), timeout_seconds=LOCK_TIMEOUT_SECONDS, clock=clock, sleep=sleep
    )


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _try_open(path: Path, *, creates: bool) -> LockedFile | None:
    with contextlib.ExitStack() as on_failure:
        handle = _open_or_create(path) if creates else os.open(path, _FLAGS)
        on_failure.callback(os.close, handle)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it is not a regular file")
        is_locked = _try_lock(handle)
        if is_locked is None or not _is_in_place(handle, path):
            return None
        on_failure.pop_all()
        return LockedFile(handle, is_locked)


def _open_or_create(path: Path) -> int:
    make_private_folder(path.parent)
    while True:
        try:
            handle = os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):  # moved away in between
                return os.open(path, _FLAGS)
    sync_folder(path.parent)
    return handle


def _is_in_place(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False


def _try_lock(handle: int) -> bool | None:
    """Lock the file: True; None if another process holds the lock; False if the file system does not support locks."""
    try:
        return try_lock(handle) or None
    except OSError:
        return False
