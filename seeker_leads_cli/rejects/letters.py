"""Dead letters as they are stored, each under an id that stays.

An id is the letter's own (`id` of its line), or a hash of what makes it this letter: stream, key, record, and the
moment at which it was written. So it is the same each time, other reasons do not change it, and the same record kept
twice is two letters. Two lines with one id are one letter, of which the last line counts.
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

#: The `r` keeps a spreadsheet from taking an id for a number, such as 1e10.
ID_FORM = re.compile(r"r[0-9a-f]{15}")


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter, as its line says."""

    id: str
    stream: str
    key_properties: tuple[str, ...]
    record: Mapping[str, Any]
    reasons: tuple[Reason, ...]
    at: datetime | None  #: None: its line does not say it
    request_id: str | None = None

    @property
    def at_text(self) -> str:
        """When it was written, RFC 3339 in UTC; empty if that is not known."""
        return self.at.isoformat().replace("+00:00", "Z") if self.at else ""


def parse(line: bytes) -> Letter | None:
    """Return the letter in a line; None for anything else, such as half a line that a crash left."""
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
    """What a file of dead letters holds."""

    letters: Mapping[str, Letter]  #: by id, in their order
    others: int  #: lines that are no letter, such as half a line that a crash left


def letters_in(lines: Iterable[bytes]) -> Contents:
    """Return the letters that lines hold."""
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
    """Yield the lines of an open file from its beginning, each with its end; the file stays open."""
    with os.fdopen(os.dup(handle), "rb") as file:
        file.seek(0)
        yield from file


def message_of(letter: Letter) -> bytes:
    """Return the line that the target takes as this letter, fed again."""
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
