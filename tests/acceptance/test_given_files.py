"""Files of the command line that cannot be what they are given for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("option", ["--state", "--catalog"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON, or was cut"),
        (b'{"bookmarks": {"leads"', "is not JSON, or was cut"),
        (b'{"\xff": 1}', "is not JSON"),
        (b"null", "is not a JSON object"),
        (b"[]", "is not a JSON object"),
        (b'"state.json"', "is not a JSON object"),
    ],
    ids=["empty", "cut", "encoding", "null", "list", "text"],
)
def test_file_that_is_no_object_ends_the_run(
    tap: Callable[..., Any], tmp_path: Path, option: str, content: bytes, words: str
) -> None:
    """A broken state or catalog ends the tap with 2 and one line: it is no defect, and never as if there were none."""
    file = tmp_path / "given.json"
    file.write_bytes(content)
    ended = tap(option, file)
    assert (ended.status, ended.stdout) == (2, "")
    assert [f"given with {option} {words}" in line for line in ended.errors] == [True]


def test_catalog_without_the_stream_is_a_wrong_file(tap: Callable[..., Any], tmp_path: Path) -> None:
    """Status 0 says that everything was read: a catalog that names another stream only does not get it."""
    (tmp_path / "catalog.json").write_text('{"streams": []}')
    ended = tap("--catalog", tmp_path / "catalog.json")
    assert (ended.status, ended.stdout) == (2, "")
    assert ["--discover > catalog.json" in line for line in ended.errors] == [True]
