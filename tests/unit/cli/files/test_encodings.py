from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seeker_leads_cli.errors import InputFileError
from seeker_leads_cli.files import encodings
from seeker_leads_cli.files.encodings import encoding_of

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
#: What CP1252 can spell: its five undefined bytes are left out.
WINDOWS_TEXTS = st.binary().map(lambda raw: raw.decode("cp1252", "ignore").replace("\0", ""))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content)
    return path


def is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS, codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_what_was_written_is_read(tmp_path: Path, text: str, codec: str) -> None:
    """UTF-8 without a mark, and every encoding with one, is recognised: the same text comes back."""
    path = written(tmp_path, ("x" + text).encode(codec))
    assert path.read_bytes().decode(encoding_of(path)) == "x" + text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=WINDOWS_TEXTS)
def test_windows_text_is_read_unless_it_is_utf8(tmp_path: Path, text: str) -> None:
    """What is not UTF-8 as a whole is CP1252."""
    content = f"x{text}".encode("cp1252")
    path = written(tmp_path, content)
    assert encoding_of(path) == ("utf-8" if is_utf8(content) else "cp1252")


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_characters_may_be_cut_between_chunks(tmp_path: Path, text: str, chunk_bytes: int) -> None:
    """A character of several bytes that two reads share is one character."""
    path = written(tmp_path, ("x" + text).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "_CHUNK_BYTES", chunk_bytes)
        assert encoding_of(path) == "utf-8"


def test_the_whole_file_counts(tmp_path: Path) -> None:
    """One character of Windows after megabytes of ASCII makes it a file of Windows."""
    path = written(tmp_path, b"a;b\n" * 600_000 + "é".encode("cp1252"))
    assert encoding_of(path) == "cp1252"


@pytest.mark.parametrize(
    ("content", "given_encoding", "words"),
    [
        (b"a;b\n1;\x81\n", None, "Line 2 of the file is not UTF-8, nor CP1252"),
        (b"a;b\n1;2\n3;\xe9\n", "utf-8", "Line 3 of the file is not utf-8: say with --encoding"),
        (b"\xff\xfea\x00;\x00b", None, "is not UTF-16, as its first bytes say"),
        (b"a;b\n1;\x00\n", None, "Line 2 of the file holds a NUL"),
        (b"a;b\n\xe9;\x00\n", None, "Line 2 of the file holds a NUL"),
        (b"a;b", "klingon", "--encoding 'klingon' is not known"),
        (b"a;b", "rot13", "--encoding 'rot13' is not known"),
        (b"a;b", "a\0b", "is not known"),
        (b"a;b\n1;2", "utf-16", "is not utf-16"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_cure(
    tmp_path: Path, content: bytes, given_encoding: str | None, words: str
) -> None:
    """A wrong encoding, given or found, is one line that names the place and the option."""
    with pytest.raises(InputFileError) as caught:
        encoding_of(written(tmp_path, content), given_encoding)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    """Where the user says UTF-8, a mark that is there is taken off all the same."""
    path = written(tmp_path, "Prénom;Nom".encode("utf-8-sig"))
    assert path.read_text(encoding_of(path, "UTF8")) == "Prénom;Nom"
