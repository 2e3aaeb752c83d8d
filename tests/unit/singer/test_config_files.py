"""Settings from files."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import SettingsError
from seeker_leads_singer.config import read_files

if TYPE_CHECKING:
    from pathlib import Path


def test_later_file_wins(tmp_path: Path) -> None:
    """Settings of several files are merged, a later file takes precedence, and numbers keep their digits."""
    first, second = tmp_path / "1.json", tmp_path / "2.json"
    first.write_text('{"a": 1, "b": 0.10}')
    second.write_text('{"a": 2}')
    assert read_files([str(first), str(second)]) == {"a": 2, "b": Decimal("0.10")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "does not exist"),
        (b"", "is not JSON"),
        (b'{"secret', "is not JSON"),
        (b'{"secret": "\xff"}', "is not JSON"),
        (b'{"secret": NaN}', "is not JSON"),
        (b'{"secret": 1, "secret": 2}', "is not JSON, or an object in it has a field twice"),
        (b"[" * 100_000, "is not JSON"),
        (b'["secret"]', "is not a JSON object"),
        (b'[["secret", 1]]', "is not a JSON object"),
    ],
)
def test_file_that_does_not_hold_settings(tmp_path: Path, content: bytes | None, words: str) -> None:
    """A file without valid settings is named with the problem, even among several, and without its content."""
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"
    right.write_text("{}")
    if content is not None:
        wrong.write_bytes(content)
    with pytest.raises(SettingsError, match=f"wrong.json' given with --config {words}") as caught:
        read_files([str(right), str(wrong)])
    assert "secret" not in str(caught.value)


def test_folder_does_not_hold_settings(tmp_path: Path) -> None:
    """A folder instead of a file is reported as unreadable."""
    with pytest.raises(SettingsError, match="cannot be read"):
        read_files([str(tmp_path)])
