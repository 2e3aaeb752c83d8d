from __future__ import annotations

import io
import os
import stat
import sys
import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files.input_file import open_input_file
from seeker_leads_cli.files.kinds import table_of

if TYPE_CHECKING:
    from pathlib import Path


def test_file_is_not_copied(tmp_path: Path) -> None:
    """A file given by its path is not copied: a file of 2 GB needs no second 2 GB."""
    path = tmp_path / "leads.csv"
    path.write_bytes(b"a;b\n")
    with open_input_file(str(path)) as given:
        assert given.path == path


def test_standard_input_can_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Input from a pipe is copied to a private file, which is deleted at the end."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a;b\n1;2\n")))
    with open_input_file("-") as given:
        assert given.name == "stdin"
        assert given.path.read_bytes() == given.path.read_bytes() == b"a;b\n1;2\n"
        assert stat.S_IMODE(given.path.stat().st_mode) == 0o600
    assert not given.path.exists()


def test_a_named_pipe_can_be_read_again(tmp_path: Path) -> None:
    """A named pipe, as shells create it, is copied, too."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a;b\n",))
    writer.start()
    with open_input_file(str(path)) as given:
        assert given.path.read_bytes() == given.path.read_bytes() == b"a;b\n"
    writer.join()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".", "is a folder: "),
        ("nothing.csv", "does not exist: "),
        ("a\0b", "is not a valid path: "),
        ("x" * 300, "cannot be read"),
    ],
)
def test_wrong_path_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    """A folder or an invalid path is reported in one line with the fix."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputFileError, match=words), open_input_file(name):
        pass


def test_a_closed_standard_input_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the program was started without stdin, the message says so."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputFileError, match="stdin is closed"), open_input_file("-"):
        pass


def test_a_full_disk_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk has no space for the copy of a pipe, the message names the variable that moves it."""
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"a;b\n")))
    monkeypatch.setattr(
        "tempfile.NamedTemporaryFile",
        lambda **_: open("/dev/full", "wb"),  # noqa: PTH123, SIM115  # closed by its user
    )
    with pytest.raises(InputFileError, match=r"No space left on device\): set TMPDIR to"), open_input_file("-"):
        pass


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: "),
        (b"%PDF-1.7\n", "is a PDF: "),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 512, "is an old .xls, or has a password: "),
        (b"\x1f\x8b\x08\x00", "is compressed: "),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "contains a NUL"),
        (b'{"name": "Durand"}\n', "is not a CSV: "),
        (b"[" * 100_000, "is not a CSV: "),
    ],
)
def test_other_kinds_of_files_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    """A file of another kind is reported in one line with the fix."""
    path = tmp_path / "leads.csv"
    path.write_bytes(content)
    with open_input_file(str(path)) as given, pytest.raises(InputFileError, match=words):
        table_of(given)


def test_kind_is_detected_by_content(tmp_path: Path) -> None:
    """Singer messages and CSVs are recognised by their content, whatever the file is called."""
    path = tmp_path / "leads.txt"
    for content, columns in (
        (b'{"type": "SCHEMA", "stream": "leads", "schema": {"properties": {}}}\n', None),
        (b'\xef\xbb\xbf{"type": "STATE", "value": {}}\n', None),
        (b'{"type";b\n', ('{"type"', "b")),
    ):
        path.write_bytes(content)
        with open_input_file(str(path)) as given:
            table = table_of(given)
            assert (table.columns if table else None) == columns
