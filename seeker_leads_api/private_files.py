"""Files of one user that several processes share: private folders, and the wait for a lock."""

from __future__ import annotations

import fcntl
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_T = TypeVar("_T")
_LOCK_INTERVAL_SECONDS = 0.05


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


def try_lock(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file until it is closed; return whether no other process has locked it.

    Raises:
        OSError: the file system knows no locks.
    """
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(
    attempt: Callable[[], _T | None],
    *,
    timeout_seconds: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> _T | None:
    """Call `attempt` until it returns something true or the time is up, and return its last result.

    What `sleep` raises ends the wait.
    """
    given_up_at = clock() + timeout_seconds
    while not (result := attempt()) and clock() <= given_up_at:
        sleep(_LOCK_INTERVAL_SECONDS)
    return result
