"""Hostile files of accounts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.accounts_file import read_accounts_file
from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def given(path: Path, content: str) -> str:
    path.touch(mode=0o600)
    path.write_text(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"label": "A", "label": "B"}]', "has an object with the field 'label' twice"),
        ('[{"label": "A", "intermediary_id": "1", "intermediary_id": "2"}]', "the field 'intermediary_id' twice"),
        ("[" * 100_000, "is not JSON in UTF-8"),
        ('[{"label": "A", "other": ' + "[" * 100_000 + "]" * 100_000 + "}]", "is not JSON in UTF-8"),
        ("- label: A\n", "is not JSON in UTF-8"),
    ],
)
def test_content_with_two_meanings_is_refused(tmp_path: Path, content: str, words: str) -> None:
    """A field that is given twice, deep nesting and other formats are named; the content is not shown."""
    with pytest.raises(SettingsError, match=words):
        read_accounts_file(given(tmp_path / "accounts.json", content))


def test_pipe_without_a_writer_does_not_block(tmp_path: Path) -> None:
    """A named pipe is refused at once, even if nobody writes to it."""
    os.mkfifo(tmp_path / "accounts.json", 0o600)
    with pytest.raises(SettingsError, match="is not a file"):
        read_accounts_file(str(tmp_path / "accounts.json"))


def test_huge_file_is_not_read(tmp_path: Path) -> None:
    """A file of gigabytes, such as a wrong path, does not fill the memory."""
    path = tmp_path / "accounts.json"
    given(path, "[]")
    os.truncate(path, 64 << 30)
    with pytest.raises(SettingsError, match="has more than 16,777,216 bytes"):
        read_accounts_file(str(path))


def test_invalid_path_is_named() -> None:
    """A path that no system accepts is not taken for a file with wrong content."""
    with pytest.raises(SettingsError, match="is not a valid path"):
        read_accounts_file("a\0b")
