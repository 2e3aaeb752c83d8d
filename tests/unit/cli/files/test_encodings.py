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
#: Text in CP1252, without its five undefined bytes.
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
def test_unicode_text_is_read_back(tmp_path: Path, text: str, codec: str) -> None:
    """UTF-8 without a byte order mark, and every encoding with one, is detected: the same text is read back."""
    path = written(tmp_path, ("x" + text).encode(codec))
    assert path.read_bytes().decode(encoding_of(path)) == "x" + text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=WINDOWS_TEXTS)
def test_windows_text_is_read_unless_it_is_utf8(tmp_path: Path, text: str) -> None:
    """A file that is not entirely UTF-8 is CP1252."""
    content = f"x{text}".encode("cp1252")
    path = written(tmp_path, content)
    assert encoding_of(path) == ("utf-8" if is_utf8(content) else "cp1252")


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=TEXTS)
def test_characters_may_be_split_between_chunks(tmp_path: Path, text: str, chunk_bytes: int) -> None:
    """A character whose bytes are split between two reads is read correctly."""
    path = written(tmp_path, ("x" + text).encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encodings, "_CHUNK_BYTES", chunk_bytes)
        assert encoding_of(path) == "utf-8"


def test_whole_file_is_checked(tmp_path: Path) -> None:
    """One CP1252 character after megabytes of ASCII makes the file CP1252."""
    path = written(tmp_path, b"a;b\n" * 600_000 + "é".encode("cp1252"))
    assert encoding_of(path) == "cp1252"


@pytest.mark.parametrize(
    ("content", "given_encoding", "words"),
    [
        (b"a;b\n1;\x81\n", None, "Line 2 of the file is not UTF-8 or CP1252"),
        (b"a;b\n1;2\n3;\xe9\n", "utf-8", "Line 3 of the file is not utf-8: name its encoding with --encoding"),
        (b"\xff\xfea\x00;\x00b", None, "is not UTF-16, although it begins with its byte order mark"),
        (b"a;b\n1;\x00\n", None, "Line 2 of the file contains a NUL"),
        (b"a;b\n\xe9;\x00\n", None, "Line 2 of the file contains a NUL"),
        (b"a;b", "klingon", "--encoding 'klingon' is unknown"),
        (b"a;b", "rot13", "--encoding 'rot13' is unknown"),
        (b"a;b", "a\0b", "is unknown"),
        (b"a;b\n1;2", "utf-16", "is not utf-16"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_cure(
    tmp_path: Path, content: bytes, given_encoding: str | None, words: str
) -> None:
    """A wrong encoding, given or detected, is reported in one line that names the place and the option."""
    with pytest.raises(InputFileError) as caught:
        encoding_of(written(tmp_path, content), given_encoding)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_byte_order_mark_is_removed(tmp_path: Path) -> None:
    """A byte order mark is removed even if the user names the encoding UTF-8."""
    path = written(tmp_path, "Prénom;Nom".encode("utf-8-sig"))
    assert path.read_text(encoding_of(path, "UTF8")) == "Prénom;Nom"
