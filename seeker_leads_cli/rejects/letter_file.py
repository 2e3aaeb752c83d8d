"""The file of dead letters: read without a lock, or changed under the lock that the target uses to append.

A change writes a new file beside the old one, syncs it, and renames it over the old one. A program that has opened the
old file waits for its lock, and then sees that the file was replaced. So a complete file exists at every moment, and no
letter that is appended at the same time is lost.
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

#: Suffix of the new file. The next change removes one that a kill left behind.
_SUFFIX = ".new"


class LetterFile:
    """The file of `rejects_path`; if it does not exist, there are no letters. Time is injected."""

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
        """Return the letters, without waiting for the lock.

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
                f" ({error.strerror or type(error).__name__}): run this as the user who runs the target"
            )
            raise SettingsError(msg) from None

    def read_to_change(self) -> Contents:
        """Return the letters after checking that the file can be changed.

        Raises:
            FatalError: the file cannot be changed.
        """
        with self._locked("nothing was done") as handle:
            if handle is None:
                return letters_in(())
            os.close(self._create(handle))
            self._new.unlink()
            return letters_in(lines_of(handle))

    def change(self, change: Callable[[Letter], Letter | bytes | None], failure_note: str) -> None:
        """Apply `change` to each letter: it returns the letter to keep it, a line to replace it, or None to remove it.

        Other lines stay unchanged. `failure_note` ends the message of a failure: what is still true then.

        Raises:
            FatalError: the file could not be changed; it is unchanged.
        """
        with self._locked(failure_note) as handle:
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
    def _locked(self, failure_note: str) -> Iterator[int | None]:
        """Open the file under its lock; yield None if it does not exist."""
        try:
            opened = open_locked(self.path, creates=False, clock=self._clock, sleep=self._sleep)
        except FileNotFoundError:
            yield None
            return
        except OSError as error:
            raise self._failed(error, failure_note) from None
        if opened is None:
            problem = "another program has locked the file (`fuser` shows which one); wait until it ends"
            raise self._unchanged(problem, failure_note)
        try:
            if not opened.is_locked:
                problem = "its file system has no locks; move it to a local disk"
                raise self._unchanged(problem, failure_note)
            yield opened.handle
        except OSError as error:
            raise self._failed(error, failure_note) from None
        finally:
            os.close(opened.handle)

    def _create(self, old: int) -> int:
        """Create the new file with the owner of the old one, whose lock must be held."""
        self._new.unlink(missing_ok=True)
        new = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        owner = os.fstat(old)
        if owner.st_uid != os.geteuid():
            os.fchown(new, owner.st_uid, owner.st_gid)  # otherwise the target could no longer append to it
        return new

    def _failed(self, error: OSError, failure_note: str) -> FatalError:
        problem = f"{error.strerror or type(error).__name__}; check that you own it and that its disk has free space"
        return self._unchanged(problem, failure_note)

    def _unchanged(self, problem: str, failure_note: str) -> FatalError:
        return FatalError(
            f"The dead letters in {self.path} could not be changed: {problem}, then run this again; {failure_note}"
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
    """Apply `change` to the letters and write all lines; return whether anything changed."""
    is_changed = False
    for line in lines:
        letter = parse(line)
        replacement = change(letter) if letter else None
        if letter is None or replacement is letter:
            write(line)
            continue
        is_changed = True
        if isinstance(replacement, bytes):
            write(replacement)
    return is_changed
