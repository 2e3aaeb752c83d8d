"""Words that readers have to translate, which plainer ones have replaced everywhere."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.pages import PROJECT

GIT = shutil.which("git")
#: Written so that this line does not contain them.
_WORDS = re.compile(r"\b(?:me(?:nd|nded|nds)|who would (?:rather)|who(?:ever))\b", re.IGNORECASE)
#: Old entries are not rewritten.
_UNCHANGED = "CHANGELOG.md"


def odd_words(text: str) -> list[str]:
    """Return each odd word, with the number of its line."""
    return [f"{number}: {word}" for number, line in enumerate(text.splitlines(), 1) for word in _WORDS.findall(line)]


@pytest.mark.skipif(GIT is None or not (PROJECT / ".git").exists(), reason="only git knows the tracked files")
def test_no_tracked_file_has_an_odd_word() -> None:
    """No tracked text says "fix", "if you prefer" or "anyone who" in the words that these have replaced."""
    assert GIT is not None
    listed = subprocess.run([GIT, "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    names = [name for name in listed.split("\0") if name and name != _UNCHANGED]
    assert len(names) > 100
    texts = {name: (PROJECT / name).read_text("utf-8", "replace") for name in names if (PROJECT / name).is_file()}
    assert {name: found for name, text in texts.items() if (found := odd_words(text))} == {}


@pytest.mark.parametrize("word", ["".join(parts) for parts in (("Me", "nd"), ("me", "nded"), ("who", "ever"))])
def test_every_odd_word_is_found(word: str) -> None:
    """The check above can fail: it finds each of the words."""
    assert odd_words(f"one\ntwo {word} three") == [f"2: {word}"]
