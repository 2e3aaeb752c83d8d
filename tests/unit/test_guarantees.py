"""`docs/guarantees.md` names existing tests, each by a unique name."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
PAGE = TESTS.parent / "docs" / "guarantees.md"


def test_every_promise_names_tests_that_exist() -> None:
    """Each promise of the page names at least one test, and each name belongs to exactly one test."""
    page = PAGE.read_text(encoding="utf-8")
    existing = Counter(
        name
        for path in TESTS.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), flags=re.MULTILINE)
    )
    tables = re.findall(r"^\| promise \|.*\n\|-.*\n((?:\|.*\n)+)", page, flags=re.MULTILINE)
    rows = "".join(tables).splitlines()
    assert len(rows) > 60
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row.split(" | ")[1])
        assert named, row
        assert {name: existing[name] for name in named if existing[name] != 1} == {}
