"""The file of dead letters: read as it is, or changed under the lock that the target appends under.

A change is a new file beside it, synced, and then renamed over it. Whoever opened the old one meanwhile waits for its
lock, and then sees that it is not in its place any more. So a whole file is there at every moment, and no letter that
is appended at the same time is lost.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import TYPE_CHECKING

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_cli.rejects.letters import letters_in, lines_of, parse
from target_seeker_leads.locked_file import open_locked, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from seeker_leads_cli.rejects.letters import Contents, Letter

#: Of the new file. One that a kill left behind is removed by the next change.
_SUFFIX = ".new"


class LetterFile:
    """The file of `rejects_path`; where there is none, there are no letters. Time is injected."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.path = path
        self._new = path.with_name(path.name + _SUFFIX)
        self._clock = clock
        self._sleep = sleep

    def read(self) -> Contents:
        """Return the letters. It waits for no lock.

        Raises:
            SettingsError: the file cannot be read.
        """
        try:
            return _contents(self.path)
        except FileNotFoundError:
            return letters_in(())
        except OSError as error:
            msg = (
                f"The dead letters of `rejects_path`, {self.path}, cannot be read"
                f" ({error.strerror or type(error).__name__}): run this as the user that the target runs as"
            )
            raise SettingsError(msg) from None

    def read_to_change(self) -> Contents:
        """Return the letters, once it is certain that the file could be changed now.

        Raises:
            FatalError: it could not.
        """
        with self._locked("nothing was done") as handle:
            if handle is None:
                return letters_in(())
            os.close(self._create(handle))
            self._new.unlink()
            return letters_in(lines_of(handle))

    def change(self, change: Callable[[Letter], Letter | bytes | None], or_else: str) -> None:
        """Let `change` say what becomes of each letter: itself, the line that takes its place, or None for nothing.

        Other lines stay as they are. `or_else` says in a failure's message what is true then.

        Raises:
            FatalError: it could not be changed: it is as it was.
        """
        with self._locked(or_else) as handle:
            if handle is None:
                return
            new = self._create(handle)
            try:
                with os.fdopen(new, "wb") as file:
                    changed = _copy(lines_of(handle), change, file.write)
                    file.flush()
                    os.fsync(new)
                if changed:
                    self._new.replace(self.path)
                    sync_folder(self.path.parent)
            finally:
                self._new.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _locked(self, or_else: str) -> Iterator[int | None]:
        """Open the file under its lock; None: there is none."""
        try:
            opened = open_locked(self.path, creates=False, clock=self._clock, sleep=self._sleep)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise self._failed(error, or_else) from None
        if opened is None:
            problem = "another program holds the file locked (`fuser` says which); let it end"
            raise self._unchanged(problem, or_else)
        try:
            if not opened.is_locked:
                problem = "its file system has no locks; move it to a local disk"
                raise self._unchanged(problem, or_else)
            yield opened.handle
        except OSError as error:
            raise self._failed(error, or_else) from None
        finally:
            os.close(opened.handle)

    def _create(self, old: int) -> int:
        """Make the new file, of the same owner; to be called under the lock of the old one."""
        self._new.unlink(missing_ok=True)
        new = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        owner = os.fstat(old)
        if owner.st_uid != os.geteuid():
            os.fchown(new, owner.st_uid, owner.st_gid)  # else the target could not append to it any more
        return new

    def _failed(self, error: OSError, or_else: str) -> FatalError:
        problem = f"{error.strerror or type(error).__name__}; see that it is yours, on a disk with room"
        return self._unchanged(problem, or_else)

    def _unchanged(self, problem: str, or_else: str) -> FatalError:
        return FatalError(
            f"The dead letters in {self.path} could not be changed: {problem}, then run this again; {or_else}"
        )


def _contents(path: Path) -> Contents:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(0, "it is not a regular file")
        return letters_in(lines_of(handle))
    finally:
        os.close(handle)


def _copy(
    lines: Iterable[bytes], change: Callable[[Letter], Letter | bytes | None], write: Callable[[bytes], object]
) -> bool:
    """Write what becomes of the lines; return whether anything is different."""
    is_changed = False
    for line in lines:
        letter = parse(line)
        becomes = change(letter) if letter else None
        if letter is None or becomes is letter:
            write(line)
            continue
        is_changed = True
        if isinstance(becomes, bytes):
            write(becomes)
    return is_changed
