"""Where a token is stored between runs: a file that only its owner can read, changed by one process at a time."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from seeker_leads_api.credentials import is_token
from seeker_leads_api.errors import FatalError
from seeker_leads_api.private_files import make_private_folder, try_lock, wait_for_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from seeker_leads_api.credentials import ClientCredentials

#: Longer than a token request takes, unless the endpoint is down and many retries are set: then this run fails too.
LOCK_TIMEOUT_SECONDS = 600.0
_FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, and when to replace it (Unix seconds), some time before it expires."""

    value: str = field(repr=False)
    renew_at: float


class FileTokenCache:
    """Stores the token in a file of mode 0600, shared by all processes of this user.

    If the folder is not writable, each run requests its own token; `report` is told so, and the run continues. `sleep`
    is used to wait for another process; an exception that it raises ends the wait.
    """

    def __init__(
        self, path: Path, *, report: Callable[[str], object], sleep: Callable[[float], object] = time.sleep
    ) -> None:
        self._path = path
        self._report = report
        self._sleep = sleep

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Exclude other processes.

        Raises:
            FatalError: another process has held the cache for longer than any renewal takes.
        """
        try:
            handle = self._open_lock()
        except OSError as error:
            self._report_unusable(error)
            yield
            return
        try:
            self._acquire(handle)
            yield
        finally:
            os.close(handle)  # which unlocks it

    def _open_lock(self) -> int:
        make_private_folder(self._path.parent)
        # The file stays: a lock on one that is deleted excludes nobody. Without O_NONBLOCK, a named pipe would block.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        return os.open(f"{self._path}.lock", flags, 0o600)

    def _acquire(self, handle: int) -> None:
        try:
            is_locked = wait_for_lock(lambda: try_lock(handle), timeout_seconds=LOCK_TIMEOUT_SECONDS, sleep=self._sleep)
        except OSError as error:  # a file system without locks
            self._report_unusable(error)
            return
        if not is_locked:
            folder = self._path.parent
            msg = f"Another process has locked the token cache {folder}: end it, or set `token_cache` to false"
            raise FatalError(msg)

    def _report_unusable(self, error: OSError) -> None:
        self._report(f"The token cache cannot be used ({error.strerror}): {self._path.parent}")

    def load(self) -> Token | None:
        """Return the stored token, or None if there is none or the file is not a token cache."""
        try:
            # Without O_NONBLOCK, a named pipe would block, and all other runs with this one.
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
            with os.fdopen(handle, encoding="utf-8") as file:
                content = json.load(file)
            if content["version"] != _FORMAT_VERSION:
                return None
            value = content["access_token"]
            return Token(value, renew_at=float(content["renew_at"])) if is_token(value) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def store(self, token: Token) -> None:
        """Store the token; readers see either the old one or the new one, never a part of one."""
        content = {"version": _FORMAT_VERSION, "access_token": token.value, "renew_at": token.renew_at}
        try:
            # mkstemp creates the file with mode 0600.
            handle, temporary = tempfile.mkstemp(dir=self._path.parent, prefix=".token-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump(content, file)
                Path(temporary).replace(self._path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._report(f"The token cannot be stored for the next run ({error.strerror}): {self._path.parent}")


def cache_path(folder: Path, credentials: ClientCredentials) -> Path:
    """Return the cache file: one for each combination of auth URL, client, audience and intermediary."""
    key = [credentials.auth_url, credentials.client_id, credentials.audience, credentials.intermediary_id]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
    return folder / f"token-{digest}.json"
