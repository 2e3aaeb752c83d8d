"""Files with personal data or tokens are readable only by their owner."""

from __future__ import annotations

import builtins
import io
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.private_values import CLIENT_ID, OPTIONS, SECRET
from tests.singer_input import SCHEMA, record, state

if TYPE_CHECKING:
    from seeker_leads_sandbox import Sandbox
    from tests.target_runs import TargetRunner


class Watch:
    """Replaces `open` and `write`: records each file of a folder that other users could read in the meantime."""

    def __init__(self, folder: Path, known: Path) -> None:
        self._folder, self._known = folder, known
        self._open, self._write, self._plain_open = os.open, os.write, io.open
        self.wide: list[str] = []
        self.written: set[str] = set()

    def begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "open", self.open)
        monkeypatch.setattr(os, "write", self.write)
        monkeypatch.setattr(io, "open", self.plain_open)
        monkeypatch.setattr(builtins, "open", self.plain_open)

    def open(self, path: Any, flags: int, mode: int = 0o777, **more: Any) -> int:
        handle = self._open(path, flags, mode, **more)
        found = self._look(handle)
        # An existing file that others can read is opened as it is, but its mode must change before the first write.
        if found and not flags & os.O_DIRECTORY and found != self._known:
            self._check(handle, "open")
        return handle

    def write(self, handle: int, data: bytes) -> int:
        if found := self._look(handle):
            self.written.add(found.name)
            self._check(handle, "write")
        return self._write(handle, data)

    def plain_open(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if isinstance(file, (str, Path)) and Path(file).is_relative_to(self._folder) and mode[0] != "r":
            self.wide.append(f"plain open of {file}")
        return self._plain_open(file, mode, *arguments, **options)

    def _look(self, handle: int) -> Path | None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        return path if path.is_relative_to(self._folder) else None

    def _check(self, handle: int, doing: str) -> None:
        if stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
            self.wide.append(f"{doing} of {self._look(handle)}")


@pytest.mark.parametrize("sandbox_options", [OPTIONS], indirect=True)
@pytest.mark.parametrize("is_there", [True, False], ids=["file of everyone", "no file"])
def test_files_are_private_from_the_first_byte(
    run_target: TargetRunner, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_there: bool
) -> None:
    """Ledger, rejects, token and locks are 0600, their folders 0700, at every open and write, whatever the umask.

    A file of rejects that others could read is made private before anything is added to it.
    """
    folder = tmp_path / "new" / "folder"
    rejects = (tmp_path if is_there else folder) / "rejects.jsonl"
    if is_there:
        rejects.touch()
        rejects.chmod(0o666)
    watch = Watch(tmp_path, rejects if is_there else Path())
    before = os.umask(0)
    try:
        with monkeypatch.context() as watched:
            watch.begin(watched)
            run = run_target(
                [SCHEMA, record(1), record(2, message=None), state(1)],
                auth_token=None,
                client_id=CLIENT_ID,
                client_secret=SECRET,
                auth_url=sandbox.token_url,
                ledger_url=f"sqlite:///{folder / 'ledger.db'}",
                rejects_path=str(rejects),
            )
    finally:
        os.umask(before)
    assert run.error is None
    assert watch.wide == []
    assert "rejects.jsonl" in watch.written
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert {"ledger.db", "rejects.jsonl"} < {path.name for path in found}
    assert any(path.name.startswith("token-") and path.suffix == ".json" for path in found)
    assert {mode for path, mode in found.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o600}
