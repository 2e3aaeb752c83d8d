"""Dead letters: undelivered records with all their reasons, in a form that the target can read again.

Each line is a Singer RECORD message with additional keys:

    {"type": "RECORD", "stream": ..., "record": {...}, "key_properties": [...],
     "reasons": [{"field": ..., "rule": ..., "cure": ...}], "at": "...Z", "request_id": ..., "id": ...}

`field` is null if a reason does not concern a single field. `request_id` is present if the API gave one, and `id` if
the record was replayed from a dead letter that had one. Numbers keep their digits. The file holds personal data, so
only its owner can read it. A symbolic link at its path is refused: its creator could choose which file is written.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from seeker_leads_api.errors import FatalError
from target_seeker_leads.group_commit import GroupCommit
from target_seeker_leads.locked_file import LockedFile, open_locked
from target_seeker_leads.singer.singer_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a record was not delivered, without any value; `field` is None if it does not concern a single field."""

    field: str | None
    rule: str
    cure: str
    #: Where the problem is in the source, in words: a column or a stream map. In a letter, the cure names it.
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
    #: The id of a letter that was replayed and failed again.
    id: str | None = None


class DeadLetters(Protocol):
    """A store of dead letters."""

    @property
    def count(self) -> int:
        """How many letters were stored."""

    def append(self, letter: DeadLetter, /) -> None:
        """Store a letter; it is durable when this returns.

        Raises:
            FatalError: it could not be stored, so the record is not settled.
        """

    def close(self) -> None:
        """Wait for the letter that is being stored."""


class DeadLetterFile:
    """Appends letters to a file, which the first letter creates. Threads and processes may share it.

    The file is opened for each group of letters, so it may be moved or edited during a run. `sleep` is called between
    attempts to lock the file; if it raises, the wait ends.
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
        #: How many letters this object appended.
        self.count = 0
        self._group = GroupCommit[bytes, None](self._append)

    def append(self, letter: DeadLetter) -> None:
        """Append a letter; it is on disk when this returns.

        Raises:
            FatalError: it could not be written, so the record is not settled.
        """
        self._group.submit(to_line(letter))

    def close(self) -> None:
        """Wait for the letter that is being written; nothing else is open."""
        with self._group.paused():
            pass

    def _append(self, lines: Sequence[bytes]) -> list[None]:
        try:
            opened = self._open()
            try:
                _write(opened.handle, lines, is_locked=opened.is_locked)
            finally:
                os.close(opened.handle)
        except OSError as error:
            msg = (
                f"The dead letters could not be written to {self.path} ({error.strerror or type(error).__name__}):"
                " nothing more is sent; set `rejects_path` to a file that you own, on a disk with free space, then run"
                " again"
            )
            raise FatalError(msg) from None
        self.count += len(lines)
        return [None] * len(lines)

    def _open(self) -> LockedFile:
        """Return the file, locked if the file system supports locks.

        Without a lock, a line that another process is writing looks like one that was cut off. The worst result is an
        empty line.

        Raises:
            FatalError: another program holds the lock for longer than any write takes.
        """
        opened = open_locked(self.path, creates=True, clock=self._clock, sleep=self._sleep)
        if opened is None:
            msg = (
                f"The dead letters could not be written to {self.path}: another program has locked the file"
                " (`fuser` says which): nothing more is sent; wait until it ends, then run again"
            )
            raise FatalError(msg)
        return opened


def _write(handle: int, lines: Sequence[bytes], *, is_locked: bool) -> None:
    """Append each line with one write, so that the lines of several processes do not mix."""
    found = os.fstat(handle)
    if stat.S_IMODE(found.st_mode) & 0o077:
        os.fchmod(handle, 0o600)
    # A crash or a full disk may have left a partial line, which must not corrupt the next one.
    if found.st_size and os.pread(handle, 1, found.st_size - 1) != b"\n":
        lines = [b"\n" + lines[0], *lines[1:]]
    try:
        _write_durably(handle, lines)
    except OSError:
        # None of these counts as stored, so each is written again: a line left behind would be cut off or a duplicate.
        if is_locked:
            with contextlib.suppress(OSError):
                os.ftruncate(handle, found.st_size)
        raise


def _write_durably(handle: int, lines: Sequence[bytes]) -> None:
    for line in lines:
        if os.write(handle, line) < len(line):
            raise OSError(0, "the disk is full")
    os.fsync(handle)


def to_line(letter: DeadLetter) -> bytes:
    """Return a letter as a line of the file."""
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
    if letter.id is not None:
        content["id"] = letter.id
    return encode(content) + b"\n"
