from __future__ import annotations

import errno
import fcntl
import itertools
import json
import os
import resource
import stat
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NoReturn

import pytest

from seeker_leads_api.errors import FatalError, SettingsError
from seeker_leads_cli.rejects.letter_file import LetterFile
from target_seeker_leads.dead_letters import DeadLetter, DeadLetterFile
from tests.ledger_tools import process, read_line, write_line

if TYPE_CHECKING:
    from pathlib import Path

    from seeker_leads_cli.rejects.letters import Letter

AT = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
ROUNDS, APPENDERS, LETTERS_EACH = 200, 2, 150
#: Appends letters as the target does, once it receives a line on stdin.
APPENDER = """if True:
    import pathlib, sys
    from datetime import datetime, timezone
    from target_seeker_leads.dead_letters import DeadLetter, DeadLetterFile
    file = DeadLetterFile(pathlib.Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(int(sys.argv[2]), int(sys.argv[3])):
        file.append(DeadLetter("leads", (), {"id": number}, (), datetime.now(timezone.utc)))
    print("done", flush=True)
"""


def letter(number: int) -> DeadLetter:
    return DeadLetter("leads", (), {"id": number}, (), AT)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "rejects.jsonl"
    appender = DeadLetterFile(file)
    for number in range(3):
        appender.append(letter(number))
    return file


def numbers(path: Path) -> list[int]:
    return [json.loads(line)["record"]["id"] for line in path.read_text("utf-8").splitlines()]


def take_one(letter: Letter) -> Letter | None:
    return None if letter.record["id"] == 1 else letter


def replace_one(letter: Letter) -> Letter | bytes:
    return b'{"record": {"id": 9}}\n' if letter.record["id"] == 1 else letter


def test_letter_is_removed_or_replaced_in_place(path: Path) -> None:
    """All other lines, letters or not, stay the same byte by byte; the file stays private."""
    with path.open("ab") as file:
        file.write(b'{"type": "REC')
    lines = path.read_bytes().split(b"\n")
    LetterFile(path).change(replace_one, "")
    assert path.read_bytes().split(b"\n") == [lines[0], b'{"record": {"id": 9}}', *lines[2:]]
    LetterFile(path).change(lambda _: None, "")
    assert path.read_bytes().split(b"\n") == [b'{"record": {"id": 9}}', b'{"type": "REC']
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [*path.parent.iterdir()] == [path]


def test_no_change_writes_nothing(path: Path) -> None:
    """The file is not replaced."""
    before = path.stat()
    LetterFile(path).change(lambda letter: letter, "")
    assert path.stat() == before


def test_missing_file_has_no_letters(tmp_path: Path) -> None:
    """No file is created."""
    file = LetterFile(tmp_path / "none.jsonl")
    assert not file.read().letters
    assert not file.read_to_change().letters
    file.change(lambda _: None, "")
    assert [*tmp_path.iterdir()] == []


def test_letter_is_appended_to_the_new_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that opened the old file and locks it after the replacement notices that, and opens the new file."""
    flock = fcntl.flock
    changed: list[bool] = []

    def change_and_lock(handle: int, operation: int) -> None:
        if not changed:
            changed.append(True)
            LetterFile(path).change(take_one, "")
        flock(handle, operation)

    monkeypatch.setattr(fcntl, "flock", change_and_lock)
    DeadLetterFile(path, sleep=lambda _: None).append(letter(5))
    assert numbers(path) == [0, 2, 5]


def test_letters_written_during_a_retry_are_not_lost(tmp_path: Path) -> None:
    """Two processes append while letters are removed 200 times: each letter is either removed once or in the file."""
    path = tmp_path / "rejects.jsonl"
    file = LetterFile(path)
    taken: list[int] = []

    def take_every_second(letter: Letter) -> Letter | None:
        number: int = letter.record["id"]
        if number % 2:
            return letter
        taken.append(number)
        return None

    first = process(APPENDER, path, 0, LETTERS_EACH)
    second = process(APPENDER, path, LETTERS_EACH, APPENDERS * LETTERS_EACH)
    with first as one, second as other:
        write_line(one)
        write_line(other)
        for _ in range(ROUNDS):
            file.change(take_every_second, "")
        assert (read_line(one), read_line(other)) == ("done\n", "done\n")
    file.change(take_every_second, "")
    everything = range(APPENDERS * LETTERS_EACH)
    assert sorted(taken) == [number for number in everything if not number % 2]
    assert sorted(numbers(path)) == [number for number in everything if number % 2]


def test_file_locked_by_another_program_is_not_changed(path: Path) -> None:
    """After a minute, the message says how to find the program and what was not done; reading does not wait."""
    seconds = itertools.count(step=10)
    file = LetterFile(path, clock=lambda: next(seconds), sleep=lambda _: None)
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert len(file.read().letters) == 3
        for change in (file.read_to_change, lambda: file.change(take_one, "nothing was purged")):
            with pytest.raises(FatalError, match=r"another program has locked the file .* nothing was"):
                change()
    finally:
        os.close(handle)
    assert numbers(path) == [0, 1, 2]


def test_a_full_disk_changes_nothing(path: Path) -> None:
    """The new file is removed, the old one is complete, and the message says what to do."""
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, limits[1]))
    try:
        with pytest.raises(FatalError, match="File too large; check that you own it and that its disk has free space"):
            LetterFile(path).change(take_one, "")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == before
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_folder_is_detected_first(path: Path) -> None:
    """So no letter is sent that could not be removed from the file."""
    path.parent.chmod(0o500)
    try:
        with pytest.raises(FatalError, match="Permission denied"):
            LetterFile(path).read_to_change()
    finally:
        path.parent.chmod(0o700)


def test_a_file_system_without_locks_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is changed if a letter that is appended at the same time could be lost."""

    def no_locks(*_: int) -> NoReturn:
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with pytest.raises(FatalError, match="its file system has no locks"):
        LetterFile(path).read_to_change()


def test_file_left_by_a_kill_is_removed(path: Path) -> None:
    """The next change removes it."""
    left = path.with_name("rejects.jsonl.new")
    left.write_text("half")
    LetterFile(path).read_to_change()
    assert not left.exists()


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    """It is refused with one line, as by the target."""
    path = tmp_path / "rejects.jsonl"
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        LetterFile(path).read()
    with pytest.raises(FatalError, match="could not be changed"):
        LetterFile(path).read_to_change()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_owner_of_the_file_is_kept(path: Path) -> None:
    """If root changes the file, the target can still append to it."""
    os.chown(path, 1234, 1234)
    LetterFile(path).change(take_one, "")
    assert (path.stat().st_uid, numbers(path)) == (1234, [0, 2])
