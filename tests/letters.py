"""Dead letters of invented leads, in a file and as the sandbox got them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from seeker_leads_cli.rejects.letters import parse
from target_seeker_leads.dead_letters import DeadLetter
from tests.singer_input import lead

if TYPE_CHECKING:
    from pathlib import Path


def letter(number: int, at: datetime | None = None) -> DeadLetter:
    """A letter whose lead can be sent, except for each tenth one."""
    record = lead(number) if number % 10 else lead(number, email="nobody")
    return DeadLetter("leads", ("id",), record, (), at or datetime.now(timezone.utc))


def kept(path: Path) -> Counter[int]:
    lines = path.read_bytes().splitlines()
    return Counter(letter.record["id"] for line in lines if (letter := parse(line)))


def created_number(created: dict[str, Any]) -> int:
    return int(created["lastName"].removeprefix("Dupont"))
