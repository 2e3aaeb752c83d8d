"""The state and catalog files of a run, before the SDK parses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.state.input_files import json_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("option", ["--state", "--catalog"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON, or was cut off"),
        (b'{"bookmarks": {"leads"', "is not JSON, or was cut off"),
        (b'{"\xff": 1}', "is not JSON"),
        (b"null", "is not a JSON object"),
        (b"[]", "is not a JSON object"),
        (b'"state.json"', "is not a JSON object"),
    ],
    ids=["empty", "cut", "encoding", "null", "list", "text"],
)
def test_file_that_is_no_object_is_named_by_its_option(tmp_path: Path, option: str, content: bytes, words: str) -> None:
    """A broken file is an error that names its option and the problem, never as if no file were given."""
    path = tmp_path / "given.json"
    path.write_bytes(content)
    with path.open(encoding="utf-8") as file, pytest.raises(SettingsError, match=f"given with {option} {words}"):
        json_file(file, option)


def test_no_file_is_no_error() -> None:
    """A run without the option has no file."""
    assert json_file(None, "--state") is None


def test_byte_order_mark_is_dropped(tmp_path: Path) -> None:
    """A file that an editor saved with a byte order mark is read as without it."""
    path = tmp_path / "given.json"
    path.write_text('\ufeff{"bookmarks": {}}', encoding="utf-8")
    with path.open(encoding="utf-8") as file:
        read = json_file(file, "--state")
    assert read is not None
    assert read.read() == '{"bookmarks": {}}'
