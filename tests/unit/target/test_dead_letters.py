from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from seeker_leads_api.errors import FatalError
from target_seeker_leads.dead_letters import DeadLetter, DeadLetterFile, Reason
from tests.queued_operations import count_queued, wait_until_queued

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
REASON = Reason("contactRequest.email", "is not an e-mail address", "write it as name@host")


def letter(record: dict[str, Any] | None = None, **others: Any) -> DeadLetter:
    return DeadLetter("crm_lead", ("id",), record or {"id": 1}, (REASON,), AT, **others)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text(encoding="utf-8").splitlines()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def count_calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the calls to write and fsync, in order, as they are made."""
    calls: list[str] = []

    def counting(name: str) -> Callable[..., Any]:
        call = getattr(os, name)

        def counted(*arguments: Any) -> Any:
            calls.append(name)
            return call(*arguments)

        return counted

    for name in ("write", "fsync"):
        monkeypatch.setattr(os, name, counting(name))
    return calls


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "rejects.jsonl"


def test_line_is_a_record_message_with_reasons(path: Path) -> None:
    """A line is a record for the target, and also says why and since when it is here."""
    DeadLetterFile(path).append(letter({"id": 1, "name": "Zoé"}))
    assert lines(path) == [
        {
            "type": "RECORD",
            "stream": "crm_lead",
            "record": {"id": 1, "name": "Zoé"},
            "key_properties": ["id"],
            "reasons": [
                {"field": "contactRequest.email", "rule": "is not an e-mail address", "cure": "write it as name@host"}
            ],
            "at": "2026-11-23T08:00:00Z",
        }
    ]


def test_request_id_is_there_when_known(path: Path) -> None:
    """The API's id of the request is kept, so that users can ask the API about it."""
    DeadLetterFile(path).append(letter(request_id="abc"))
    assert lines(path)[0]["request_id"] == "abc"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (Decimal("1.10"), Decimal("1.10")),
        (2**70, 2**70),
        (datetime(2026, 1, 2, 3, tzinfo=timezone.utc), "2026-01-02T03:00:00Z"),
        ("a\nb\u2028", "a\nb\u2028"),
        (None, None),
        ([{"x": True}], [{"x": True}]),
        ("\ud800", "\ud800"),
        (Path("/x"), "/x"),
    ],
)
def test_values_survive(path: Path, value: object, kept: object) -> None:
    """Every value of a source is read back unchanged, digits included; each letter is one line."""
    DeadLetterFile(path).append(letter({"value": value}))
    (line,) = path.read_bytes().removesuffix(b"\n").split(b"\n")
    assert json.loads(line, parse_float=Decimal)["record"]["value"] == kept


def test_file_is_there_with_the_first_letter_only(path: Path) -> None:
    """A run without rejects creates no file and no folder."""
    file = DeadLetterFile(path)
    file.close()
    assert (path.parent.exists(), file.count) == (False, 0)
    file.append(letter())
    assert (path.exists(), file.count) == (True, 1)


def test_only_the_owner_can_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File and folder are private from the first byte, whatever the umask."""
    modes = []
    write = os.write

    def look_and_write(handle: int, data: bytes) -> int:
        modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        return write(handle, data)

    before = os.umask(0)
    try:
        monkeypatch.setattr(os, "write", look_and_write)
        DeadLetterFile(path).append(letter())
    finally:
        os.umask(before)
    assert (modes, mode(path), mode(path.parent)) == ([0o600], 0o600, 0o700)


def test_wider_mode_is_narrowed(path: Path) -> None:
    """A file that others could read is made private before more is written; the folder is left to its owner."""
    path.parent.mkdir(mode=0o755)
    path.touch(mode=0o644)
    DeadLetterFile(path).append(letter())
    assert (mode(path), mode(path.parent)) == (0o600, 0o755)


def test_partial_line_does_not_corrupt_the_next(path: Path) -> None:
    """After a crash in the middle of a line, the next letter is on its own line."""
    file = DeadLetterFile(path)
    file.append(letter())
    with path.open("ab") as end:
        end.write(b'{"type": "REC')
    file.append(letter({"id": 2}))
    file.append(letter({"id": 3}))
    first, half, second, third = path.read_text(encoding="utf-8").splitlines()
    assert half == '{"type": "REC'
    assert [json.loads(line)["record"]["id"] for line in (first, second, third)] == [1, 2, 3]


def test_file_moved_away_is_made_anew(path: Path) -> None:
    """A file that its user moves away to edit gets no more letters; the next ones are in a new file."""
    file = DeadLetterFile(path)
    file.append(letter())
    taken = path.rename(path.with_name("mending.jsonl"))
    file.append(letter({"id": 2}))
    assert (len(lines(taken)), len(lines(path))) == (1, 1)


def test_letter_is_on_disk_when_append_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written to the file after the last fsync, and its folder is synced, too."""
    calls = count_calls(monkeypatch)
    DeadLetterFile(path).append(letter())
    assert calls == ["fsync", "write", "fsync"]


def test_threads_share_fsyncs(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters that wait for the same write are on disk with one fsync, each on its own line."""
    file = DeadLetterFile(path)
    file.append(letter({"id": 0}))
    calls = count_calls(monkeypatch)
    with ThreadPoolExecutor(20) as pool, file._group.paused():
        queued = count_queued(file._group)
        for number in range(1, 21):
            pool.submit(file.append, letter({"id": number}))
        wait_until_queued(queued, 20)
    assert calls == [*["write"] * 20, "fsync"]
    assert sorted(line["record"]["id"] for line in lines(path)) == list(range(21))


def test_threads_lose_nothing(path: Path) -> None:
    """The letters of many threads are each on their own line, whichever thread writes them."""
    file = DeadLetterFile(path)
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda number: file.append(letter({"id": number})), range(400)))
    assert sorted(line["record"]["id"] for line in lines(path)) == list(range(400))
    assert file.count == 400


def test_processes_share_a_file(path: Path) -> None:
    """Two processes that append at the same time do not mix their lines."""
    code = """if True:
        import sys, datetime, pathlib
        from target_seeker_leads.dead_letters import DeadLetter, DeadLetterFile
        file = DeadLetterFile(pathlib.Path(sys.argv[1]))
        at = datetime.datetime.now(datetime.timezone.utc)
        for number in range(100):
            file.append(DeadLetter("s", (), {"by": sys.argv[2], "text": sys.argv[2] * 5000}, (), at))
    """
    processes = [subprocess.Popen([sys.executable, "-c", code, path, name]) for name in "ab"]
    assert [process.wait(30) for process in processes] == [0, 0]
    assert sorted(line["record"]["by"] for line in lines(path)) == ["a"] * 100 + ["b"] * 100


def test_symbolic_link_is_refused(path: Path, tmp_path: Path) -> None:
    """Someone who can put a link in the file's place cannot choose which file is written."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.parent.mkdir()
    for target in (victim, tmp_path / "nowhere"):
        path.symlink_to(target)
        with pytest.raises(FatalError, match="rejects_path"):
            DeadLetterFile(path).append(letter())
        path.unlink()
    assert (victim.read_text(), (tmp_path / "nowhere").exists()) == ("mine", False)


def test_what_is_no_file_is_refused(path: Path) -> None:
    """A pipe without a reader, a device or a folder ends the run with a message, without blocking or losing letters."""
    path.parent.mkdir()
    os.mkfifo(path)
    for place in (path, Path(os.devnull), path.parent):
        with pytest.raises(FatalError, match="rejects_path"):
            DeadLetterFile(place).append(letter())


def test_full_disk_is_fatal_without_content(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is full, the record is not settled; the error names the file and shows nothing of the record."""
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:9]))
    file = DeadLetterFile(path)
    with pytest.raises(FatalError) as caught:
        file.append(letter({"email": "zoe@example.org"}))
    assert str(path) in str(caught.value)
    assert "zoe" not in str(caught.value)
    assert file.count == 0
    monkeypatch.undo()
    file.append(letter())
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["record"] == {"id": 1}
