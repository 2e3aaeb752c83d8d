"""A dead-letter file that another program holds locked: a user who edits it, or a frozen run."""

from __future__ import annotations

import errno
import fcntl
import itertools
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from seeker_leads_api.errors import FatalError
from target_seeker_leads.dead_letters import DeadLetter, DeadLetterFile

if TYPE_CHECKING:
    from collections.abc import Iterator

LETTER = DeadLetter("leads", ("id",), {"id": 1}, (), datetime(2026, 11, 23, 8, tzinfo=timezone.utc))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rejects.jsonl"


@pytest.fixture
def held(path: Path) -> Iterator[int]:
    """The file, locked by another program."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    yield handle
    os.close(handle)


class Stop(Exception):  # noqa: N818  # a stop order, not an error
    pass


def open_files() -> int:
    return len(list(Path("/dev/fd").iterdir()))


def ids(path: Path) -> list[int]:
    return [json.loads(line)["record"]["id"] for line in path.read_text("utf-8").splitlines()]


def test_lock_is_waited_for(path: Path, held: int) -> None:
    """A letter is written as soon as the other program releases the file, and not before."""
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        assert path.read_bytes() == b""
        slept.append(seconds)
        if len(slept) == 3:
            fcntl.flock(held, fcntl.LOCK_UN)

    DeadLetterFile(path, clock=lambda: 0.0, sleep=sleep).append(LETTER)
    assert (ids(path), len(slept)) == ([1], 3)


def test_lock_is_not_waited_for_without_end(path: Path, held: int) -> None:
    """After a minute the error says how to find the other program; nothing is written while it holds the lock."""
    seconds = itertools.count(step=10)
    file = DeadLetterFile(path, clock=lambda: next(seconds), sleep=lambda _: None)
    with pytest.raises(FatalError, match="another program has locked the file"):
        file.append(LETTER)
    assert (path.read_bytes(), file.count, next(seconds)) == (b"", 0, 80)
    fcntl.flock(held, fcntl.LOCK_UN)
    file.append(LETTER)
    assert ids(path) == [1]


@pytest.mark.usefixtures("held")
def test_stop_ends_the_wait_for_the_lock(path: Path) -> None:
    """If the wait raises, it ends, and nothing is written."""

    def stopped(_: float) -> NoReturn:
        raise Stop

    file = DeadLetterFile(path, sleep=stopped)
    handles = open_files()
    with pytest.raises(Stop):
        file.append(LETTER)
    assert (path.read_bytes(), file.count) == (b"", 0)
    assert open_files() == handles


def test_file_moved_away_under_its_lock_is_made_anew(path: Path, held: int) -> None:
    """The holder of the lock may move the file to edit it: a waiting letter goes into the new file and is not lost."""
    moved = path.with_name("moved.jsonl")

    def sleep(_: float) -> None:
        path.rename(moved)
        fcntl.flock(held, fcntl.LOCK_UN)

    DeadLetterFile(path, sleep=sleep).append(LETTER)
    assert (ids(path), moved.read_bytes()) == ([1], b"")


def test_file_moved_away_between_opening_and_locking(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever the file is moved away, no letter goes into a file that a user is editing."""
    path.touch()
    moved = path.with_name("moved.jsonl")
    flock = fcntl.flock

    def move_and_lock(handle: int, operation: int) -> None:
        if not moved.exists():
            path.rename(moved)
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", move_and_lock)
    DeadLetterFile(path, sleep=lambda _: None).append(LETTER)
    assert (ids(path), moved.read_bytes()) == ([1], b"")


def test_file_system_without_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system without locks, letters are still written."""

    def no_locks(*_: int) -> NoReturn:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    DeadLetterFile(path, sleep=lambda _: pytest.fail("waited")).append(LETTER)
    assert ids(path) == [1]
