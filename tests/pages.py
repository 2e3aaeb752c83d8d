"""Parses README and docs/ for tests: blocks, anchors, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", *sorted(path.relative_to(PROJECT).as_posix() for path in (PROJECT / "docs").rglob("*.md")))
_FENCE = re.compile(r"```(.*)")
_MARKER = re.compile(r"<!-- ((?:file|run|shows)\b.*?) -->")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    marker: str  #: the comment above the block, or an empty string
    text: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    return (PROJECT / page).read_text(encoding="utf-8")


@cache
def blocks_of(page: str) -> tuple[Block, ...]:
    """Return the page's fenced blocks, in order."""
    return blocks_in(page, text_of(page))


def blocks_in(page: str, text: str) -> tuple[Block, ...]:
    """Return the text's fenced blocks, in order; the text is the page or a part of it."""
    blocks: list[Block] = []
    language: str | None = None
    lines = text.splitlines()
    begun = 0
    for number, line in enumerate(lines):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            continue
        if language is None:
            language, begun = fence[1], number
        else:
            marker = _MARKER.fullmatch(lines[begun - 1])
            inside = "\n".join(lines[begun + 1 : number]) + "\n"
            blocks.append(Block(page, begun + 1, language, marker[1] if marker else "", inside))
            language = None
    assert language is None, f"{page}: the block that begins in line {begun + 1} has no end"
    return tuple(blocks)


def prose_of(page: str) -> str:
    """Return the page without its blocks."""
    return "".join(re.split(r"^```.*?^```$", text_of(page), flags=re.MULTILINE | re.DOTALL))


def anchors_of(page: str) -> set[str]:
    """Return the anchors that a link to the page can have."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def every_block(*languages: str) -> list[Block]:
    return [block for page in PAGES for block in blocks_of(page) if block.language in languages]


def is_ruler(row: list[str]) -> bool:
    return set("".join(row)) <= set("-:")


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the tables in one section of a page, without their header rows."""
    section = re.split(r"^#+ ", text_of(page).partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    assert rows, f"{page} has no table under {heading!r}"
    return [
        row
        for row, following in zip(rows, [*rows[1:], ["end"]], strict=True)
        if not is_ruler(row) and not is_ruler(following)
    ]


def names_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
