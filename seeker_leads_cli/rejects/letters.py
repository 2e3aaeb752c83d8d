"""Dead letters as they are stored, each with a stable id.

The id is stored in the letter's line (`id`), or is a hash of its stream, key, record and the time at which it was
written. So it never changes, not even with new reasons, and a record that was rejected twice is two letters. Two lines
with the same id are one letter, and the last one counts.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from target_seeker_leads.dead_letters import Reason
from target_seeker_leads.singer.singer_json import decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The `r` keeps a spreadsheet from reading an id such as 1e10 as a number.
ID_FORM = re.compile(r"r[0-9a-f]{15}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, as read from its line."""

    id: str
    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    at: datetime | None  #: None if its line does not say it
    request_id: str | None = None

    @property
    def at_text(self) -> str:
        """The time at which it was written, as RFC 3339 in UTC; empty if unknown."""
        return self.at.isoformat().replace("+00:00", "Z") if self.at else ""


def parse(line: bytes) -> Letter | None:
    """Return the letter in a line; None for anything else, such as a line that a crash cut off."""
    try:
        content = decode(line)
    except ValueError:
        return None
    if not isinstance(content, dict) or content.get("type") != "RECORD":
        return None
    stream, record, reasons = content.get("stream"), content.get("record"), content.get("reasons")
    keys = content.get("key_properties") or []
    if not isinstance(stream, str) or not isinstance(record, dict) or not isinstance(reasons, list):
        return None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        return None
    own_id, request_id = content.get("id"), content.get("request_id")
    return Letter(
        id=own_id if isinstance(own_id, str) and ID_FORM.fullmatch(own_id) else _hash(content, keys),
        stream=stream,
        key_properties=tuple(keys),
        record=record,
        reasons=tuple(_reason(reason) for reason in reasons if isinstance(reason, dict)),
        at=_moment(content.get("at")),
        request_id=request_id if isinstance(request_id, str) else None,
    )


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a file of dead letters."""

    letters: Mapping[str, Letter]  #: by id, in the order of the file
    others: int  #: number of lines that are not letters, such as a line that a crash cut off


def letters_in(lines: Iterable[bytes]) -> Contents:
    """Return the letters in lines."""
    letters: dict[str, Letter] = {}
    others = 0
    for line in lines:
        letter = parse(line)
        if letter:
            letters[letter.id] = letter
        else:
            others += not line.isspace()
    return Contents(letters, others)


def lines_of(handle: int) -> Iterator[bytes]:
    """Yield the lines of an open file from its beginning, with line endings; the file stays open."""
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(0)
        yield from file


def message_of(letter: Letter) -> bytes:
    """Return the line that replays this letter to the target."""
    content = {
        "type": "RECORD",
        "stream": letter.stream,
        "record": letter.record,
        "key_properties": letter.key_properties,
        "reasons": [],
        "id": letter.id,
    }
    return encode(content) + b"\n"


def _hash(content: Mapping[str, Any], keys: list[str]) -> str:
    identity = [content["stream"], keys, content["record"], content.get("at")]
    return "r" + hashlib.sha256(encode(identity, is_sorted=True)).hexdigest()[:15]


def _reason(reason: Mapping[str, Any]) -> Reason:
    field = reason.get("field")
    return Reason(None if field is None else str(field), str(reason.get("rule", "")), str(reason.get("cure", "")))


def _moment(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
