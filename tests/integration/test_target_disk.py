"""Disks that are full or not writable: one clear line, no STATE too early, no unknown POST; later runs continue."""

from __future__ import annotations

import errno
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError
from target_seeker_leads.ledger.ledger import Ledger
from tests.client_credentials import as_client
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from collections.abc import Callable

    from seeker_leads_sandbox import Sandbox
    from target_seeker_leads.target import TargetSeekerLeads
    from tests.target_runs import Sent, TargetRunner

#: Each record is followed by a STATE that covers it.
MESSAGES: list[dict[str, Any]] = [SCHEMA, *(each for n in range(60) for each in (record(n), state(n)))]
BAD: list[dict[str, Any]] = [
    SCHEMA,
    record(1000),
    *(each for n in range(20) for each in (record(n, message=None), state(n))),
]


def assert_ends_in_a_line(run: Sent, words: str) -> None:
    assert isinstance(run.error, FatalError)
    assert words in str(run.error)
    assert "\n" not in str(run.error)
    assert "Traceback" not in "\n".join(run.log)


def created(sandbox: Sandbox) -> Counter[str]:
    return Counter(lead["email"] for lead in sandbox.created)


def full_after(pages: int) -> Callable[[TargetSeekerLeads], None]:
    """Leave the ledger room for this many more pages."""

    def limit(target: TargetSeekerLeads) -> None:
        session = target.pipeline._ledger._session
        assert session
        raw = session.connection.connection.driver_connection
        assert raw
        (found,) = raw.execute("PRAGMA page_count").fetchone()
        raw.execute(f"PRAGMA max_page_count = {found + pages}")

    return limit


@pytest.mark.parametrize("pages", [0, 1, 2])
@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_ledger_on_a_full_disk(run_target: TargetRunner, sandbox: Sandbox, pages: int, policy: str) -> None:
    """A ledger without room ends the run: the last STATE covers only what exists, and no POST goes without a row.

    With room again, the next run sends the rest. Nothing is lost, and every possible duplicate is reported.
    """
    options: dict[str, Any] = {"on_unknown_outcome": policy, "dedupe_by": "content"}
    run = run_target(MESSAGES, before=full_after(pages), **options)
    assert_ends_in_a_line(run, "nothing more is sent; free space on its disk")
    before = created(sandbox)
    assert len(before) < 60
    assert all(record(n)["record"]["email"] in before for n in range((run.states or [-1])[-1] + 1))
    again = run_target(MESSAGES, **options)
    assert again.error is None
    assert again.states[-1] == 59
    counts = created(sandbox)
    twice = counts.total() - len(counts)
    assert len(set(counts) | {letter["record"]["email"] for letter in again.rejects}) == 60
    assert twice <= (
        0 if policy == "reject" else sum(int(line.split()[0]) for line in again.log if "sent again" in line)
    )


@pytest.mark.parametrize("policy", ["retry", "reject"])
def test_settlement_that_cannot_be_written_is_unknown(
    run_target: TargetRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    """A lead whose delivery cannot be written has an unknown outcome: no STATE covers it, and the policy decides."""

    def fail(*_: object) -> None:
        message = "The ledger could not be written"
        raise FatalError(message)

    with monkeypatch.context() as full:
        full.setattr(Ledger, "settle", fail)
        run = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome=policy)
    assert_ends_in_a_line(run, "could not be written")
    assert run.states == []
    assert len(sandbox.created) == 1
    again = run_target([SCHEMA, record(1), state(1)], on_unknown_outcome=policy)
    assert again.states == [1]
    assert len(again.rejects) == (policy == "reject")
    assert len(sandbox.created) == 1 + (policy == "retry")
    assert any("1 leads were sent again" in line for line in again.log) == (policy == "retry")


@pytest.mark.parametrize("place", ["below a file", "/proc/ledger.db", "/dev/full", "a folder"])
def test_ledger_that_cannot_be_opened(run_target: TargetRunner, sandbox: Sandbox, tmp_path: Path, place: str) -> None:
    """If the ledger cannot be created or is not a file, no request is sent at all."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    path = {"below a file": tmp_path / "file" / "x" / "ledger.db", "a folder": tmp_path / "folder"}.get(place, place)
    run = run_target(MESSAGES, ledger_url=f"sqlite:///{path}")
    assert_ends_in_a_line(run, f"The ledger {path} could not be opened")
    assert run.states == []
    assert sandbox.statistics.requests == 0
    assert run_target(MESSAGES).error is None
    assert set(created(sandbox).values()) == {1}


@pytest.mark.parametrize("place", ["below a file", "/proc/rejects.jsonl", "/dev/full", "a folder", "a link"])
def test_rejects_that_cannot_be_opened(run_target: TargetRunner, sandbox: Sandbox, tmp_path: Path, place: str) -> None:
    """If rejects cannot be kept, the run ends with the first one; only records before it have a STATE."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    places = {
        "below a file": tmp_path / "file" / "x" / "rejects.jsonl",
        "a folder": tmp_path / "folder",
        "a link": tmp_path / "link",
    }
    path = places.get(place, place)
    run = run_target(BAD, rejects_path=str(path))
    assert_ends_in_a_line(run, f"The dead letters could not be written to {path}")
    assert run.states == []
    assert (tmp_path / "file").read_text() == "x"
    again = run_target(BAD)
    assert again.states[-1] == 19
    assert len(again.rejects) == 20
    assert set(created(sandbox).values()) == {1}


class FullDisk:
    """Replaces `os.write` and `os.fsync`: fails from a given call on, for one file, as a full disk does."""

    def __init__(self, path: Path, *, room: int, is_partial: bool) -> None:
        self._path, self._room, self._is_partial = path, room, is_partial
        self._write, self._fsync = os.write, os.fsync

    def write(self, handle: int, data: bytes) -> int:
        if Path(f"/proc/self/fd/{handle}").readlink() != self._path:
            return self._write(handle, data)
        self._room -= 1
        if self._room >= 0:
            return self._write(handle, data)
        if self._is_partial and self._room == -1:
            return self._write(handle, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fsync(self, handle: int) -> None:
        if self._room < 0 and Path(f"/proc/self/fd/{handle}").readlink() == self._path:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self._fsync(handle)


@pytest.mark.parametrize("room", [0, 5])
@pytest.mark.parametrize("is_partial", [True, False], ids=["half a line", "nothing"])
@pytest.mark.parametrize("workers", [1, 10])
def test_rejects_on_a_full_disk(  # noqa: PLR0913  # what pytest gives
    run_target: TargetRunner,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    room: int,
    *,
    is_partial: bool,
    workers: int,
) -> None:
    """A line that does not fit ends the run; the file's lines stay complete, and with room each reject is kept once.

    No STATE covers a reject that is not on disk, and none of those that could not be kept counts as settled.
    """
    disk = FullDisk(run_target.rejects_path, room=room, is_partial=is_partial)
    with monkeypatch.context() as full:
        full.setattr(os, "write", disk.write)
        full.setattr(os, "fsync", disk.fsync)
        run = run_target(BAD, max_concurrent_requests=workers)
    assert_ends_in_a_line(run, "The dead letters could not be written")
    kept = [letter["record"]["id"] for letter in run.rejects]  # each line is JSON
    assert len(kept) <= room
    assert set(range((run.states or [-1])[-1] + 1)) <= set(kept)
    again = run_target(BAD)
    assert again.error is None
    assert again.states[-1] == 19
    assert sorted(letter["record"]["id"] for letter in again.rejects) == list(range(20))
    assert set(created(sandbox).values()) == {1}


def test_sync_that_fails_keeps_nothing(run_target: TargetRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that may not be on disk does not count as kept, and the next run keeps it, once."""
    disk = FullDisk(run_target.rejects_path, room=-1, is_partial=False)
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", disk.fsync)
        run = run_target(BAD, max_concurrent_requests=1)
    assert_ends_in_a_line(run, "The dead letters could not be written")
    assert run.states == []
    again = run_target(BAD)
    assert sorted(letter["record"]["id"] for letter in again.rejects) == list(range(20))


@pytest.mark.parametrize("place", ["below a file", "/proc", "full"])
def test_token_cache_that_cannot_be_written_stops_nothing(
    run_target: TargetRunner, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    """A token that cannot be cached costs one token request per run and one warning, and stops nothing."""
    (tmp_path / "file").write_text("x")
    if place == "full":

        def make(*, dir: Path, prefix: str) -> tuple[int, str]:  # noqa: A002  # tempfile's own name
            path = str(dir / f"{prefix}full")
            Path(path).touch()
            return os.open("/dev/full", os.O_WRONLY), path

        monkeypatch.setattr(tempfile, "mkstemp", make)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file") if place == "below a file" else place)
    runs = [run_target([SCHEMA, record(number), state(number)], **as_client(sandbox)) for number in range(2)]
    assert [run.error for run in runs] == [None, None]
    assert [run.states for run in runs] == [[0], [1]]
    assert len(sandbox.issued_tokens) == 2
    for run in runs:
        assert any(
            ("The token ca" in line and "for the next run" in line) or "token cache cannot" in line for line in run.log
        )
    left = list((tmp_path / "cache").rglob("*")) if (tmp_path / "cache").exists() else []
    assert not any(
        token.encode() in path.read_bytes() for token in sandbox.issued_tokens for path in left if path.is_file()
    )
    assert not any(path.name.startswith(".token-") for path in left)
