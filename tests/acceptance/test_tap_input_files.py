"""Files on the command line that are not what their option requires."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--state", b'{"bookmarks": {"leads"', "is not JSON, or was cut off"),
        ("--catalog", b"null", "is not a JSON object"),
    ],
    ids=["cut state", "catalog of null"],
)
def test_file_without_an_object_ends_the_run(
    tap: Callable[..., Any], tmp_path: Path, option: str, content: bytes, words: str
) -> None:
    """A broken state or catalog ends the tap with status 2 and one line, never as a defect or as if it were absent."""
    file = tmp_path / "given.json"
    file.write_bytes(content)
    ended = tap(option, file)
    assert (ended.status, ended.stdout) == (2, "")
    assert [f"given with {option} {words}" in line for line in ended.errors] == [True]


def test_catalog_without_the_stream_is_a_wrong_file(tap: Callable[..., Any], tmp_path: Path) -> None:
    """A catalog with only other streams ends the tap with status 2, since status 0 means that everything was read."""
    (tmp_path / "catalog.json").write_text('{"streams": []}')
    ended = tap("--catalog", tmp_path / "catalog.json")
    assert (ended.status, ended.stdout) == (2, "")
    assert ["--discover > catalog.json" in line for line in ended.errors] == [True]
