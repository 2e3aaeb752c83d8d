"""Dead letters: records that were not delivered, with all reasons, in the form in which the target reads them again.

A line is a Singer RECORD message with more to it:

    {"type": "RECORD", "stream": ..., "record": {...}, "key_properties": [...],
     "reasons": [{"field": ..., "rule": ..., "cure": ...}], "at": "...Z", "request_id": ...}

`field` is null where a reason concerns no single one; `request_id` is there if the API was asked. Numbers keep their
digits. The file holds personal data: only its owner can read it, and a symbolic link in its place is refused, wherever
it leads: who can put one there would choose which file is written.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import FatalError
from seeker_leads_api.private_files import make_private_folder, try_lock, wait_for_lock
from target_seeker_leads.group_commit import GroupCommit
from target_seeker_leads.singer.singer_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

#: Much longer than a write takes: a longer holder is editing the file, or is frozen.
LOCK_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record was not delivered, without its value; `field` is None where it concerns no single one."""

    field: str | None
    rule: str
    cure: str
    #: Where in the source it is, in words: a column, or a stream map. A letter says so in the cure.
    source: str | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that was not delivered."""

    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    at: datetime
    request_id: str | None = None


class DeadLetterFile:
    """Appends letters to a file that is there from the first one on; threads and processes may share it.

    It is opened for each group of letters, so that it may be moved away and edited while a run goes on. `sleep` is what
    the wait for another program's lock consists of, so that what it raises ends the wait.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.path = path
        self._clock = clock
        self._sleep = sleep
        #: Letters appended here.
        self.count = 0
        self._group = GroupCommit[bytes, None](self._append)

    def append(self, letter: DeadLetter) -> None:
        """Add a letter; it is on disk when this returns.

        Raises:
            FatalError: it could not be written: the record is not handled.
        """
        self._group.submit(_to_line(letter))

    def close(self) -> None:
        """Wait for the letter that is being written; nothing is held open besides."""
        with self._group.paused():
            pass

    def _append(self, lines: Sequence[bytes]) -> list[None]:
        try:
            handle, is_alone = self._open_alone()
            try:
                _write(handle, lines, is_alone=is_alone)
            finally:
                os.close(handle)
        except OSError as error:
            msg = (
                f"The dead letters could not be written to {self.path} ({error.strerror or type(error).__name__}): "
                "nothing more is sent; let `rejects_path` name a file of yours on a disk with room, then run again"
            )
            raise FatalError(msg) from None
        self.count += len(lines)
        return [None] * len(lines)

    def _open(self) -> int:
        make_private_folder(self.path.parent)
        # Without O_NONBLOCK a named pipe would block until somebody reads it.
        flags = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
        while True:
            try:
                handle = os.open(self.path, flags | os.O_CREAT | os.O_EXCL, 0o600)
                break
            except FileExistsError:
                with contextlib.suppress(FileNotFoundError):  # moved away in between
                    return os.open(self.path, flags)
        # The file's name, too, must outlive a power cut.
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return handle

    def _open_alone(self) -> tuple[int, bool]:
        """Return the file, and whether others are kept out: not where the file system knows no locks.

        Another process's line in the making would look like one that was cut off. Without locks, an empty line is the
        worst that comes of it.

        Raises:
            FatalError: another program holds it locked for longer than any write takes.
        """
        opened = wait_for_lock(
            self._try_open_alone, timeout_seconds=LOCK_TIMEOUT_SECONDS, clock=self._clock, sleep=self._sleep
        )
        if opened is None:
            msg = (
                f"The dead letters could not be written to {self.path}: another program holds the file locked"
                " (`fuser` says which): nothing more is sent; let it end, then run again"
            )
            raise FatalError(msg)
        return opened

    def _try_open_alone(self) -> tuple[int, bool] | None:
        with contextlib.ExitStack() as on_failure:
            handle = self._open()
            on_failure.callback(os.close, handle)
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(0, "it is not a regular file")
            is_alone = _try_lock(handle)
            if is_alone is None or not self._is_in_place(handle):
                return None
            on_failure.pop_all()
            return handle, is_alone

    def _is_in_place(self, handle: int) -> bool:
        """Return whether the file is still in its place: who held the lock may have moved it away to fix it."""
        try:
            return os.path.samestat(os.fstat(handle), self.path.lstat())
        except FileNotFoundError:
            return False


def _try_lock(handle: int) -> bool | None:
    """Lock the file: True; None if somebody else has; False where the file system knows no locks."""
    try:
        return try_lock(handle) or None
    except OSError:
        return False


def _write(handle: int, lines: Sequence[bytes], *, is_alone: bool) -> None:
    """Append each line with one write, so that the lines of several processes do not mix."""
    found = os.fstat(handle)
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.fchmod(handle, 0o600)
    # A crash or a full disk may have left half a line, which must not spoil the next one.
    if found.st_size and os.pread(handle, 1, found.st_size - 1) != b"\n":
        lines = [b"\n" + lines[0], *lines[1:]]
    try:
        _write_durably(handle, lines)
    except OSError:
        # None of them counts as kept, so each will come again: half a line would be no input, a whole one twice.
        if is_alone:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, found.st_size)
        raise


def _write_durably(handle: int, lines: Sequence[bytes]) -> None:
    for line in lines:
        if os.write(handle, line) < len(line):
            raise OSError(0, "the disk is full")
    os.fsync(handle)


def _to_line(letter: DeadLetter) -> bytes:
    content: dict[str, Any] = {
        "type": "RECORD",
        "stream": letter.stream,
        "record": dict(letter.record),
        "key_properties": letter.key_properties,
        "reasons": [{"field": reason.field, "rule": reason.rule, "cure": reason.cure} for reason in letter.reasons],
        "at": letter.at,
    }
    if letter.request_id is not None:
        content["request_id"] = letter.request_id
    return encode(content) + b"\n"
