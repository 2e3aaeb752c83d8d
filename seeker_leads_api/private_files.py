"""Files of one user that several processes share: creates private folders and waits for locks."""

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
    """Return one of platformdirs' folders for this user; None for a user without a home, as in some containers."""
    try:
        return of_app("seeker-leads").expanduser()  # older versions of platformdirs leave a ~ in the path
    except RuntimeError:
        return None


def make_private_folder(folder: Path) -> None:
    """Create the folder and its missing parents, all with mode 0700; leave existing ones unchanged."""
    # With `parents=True`, mkdir would set the mode of the last folder only.
    if not folder.is_dir():
        make_private_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def try_lock(handle: int, kind: int = fcntl.LOCK_EX) -> bool:
    """Lock an open file until it is closed; return False if another process has locked it.

    Raises:
        OSError: the file system does not support locks.
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
    """Call `attempt` until its result is true or the time is up, and return its last result.

    An exception that `sleep` raises ends the wait.
    """
    given_up_at = clock() + timeout_seconds
    while not (result := attempt()) and clock() <= given_up_at:
        sleep(_LOCK_INTERVAL_SECONDS)
    return result
