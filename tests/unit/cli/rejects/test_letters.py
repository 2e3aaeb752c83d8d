from __future__ import annotations

import json
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from seeker_leads_cli.rejects.letters import ID_FORM, letters_in, message_of, parse
from seeker_leads_cli.rejects.reasons import is_unknown
from target_seeker_leads.dead_letters import DeadLetter, Reason, to_line
from target_seeker_leads.singer.singer_json import decode, encode
from tests.pages import PROJECT

AT = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
REASON = Reason("email", "must be a valid e-mail address", "Give one plain address")


def line(record: dict[str, Any] | None = None, at: datetime = AT, **more: Any) -> bytes:
    return to_line(DeadLetter("leads", ("id",), record or {"id": 1, "price": Decimal("1.10")}, (REASON,), at, **more))


def test_an_id_depends_on_the_letter_alone() -> None:
    """It never changes, whatever the reasons and the formatting of the line, and a spreadsheet reads it as text."""
    letter = parse(line())
    assert letter
    assert letter.id == "rd702588faca04e4"  # a promise: people write ids down
    assert ID_FORM.fullmatch(letter.id)
    content = decode(line())
    content["reasons"] = []
    again = parse(encode(dict(reversed(content.items()))).replace(b",", b" , "))
    assert again
    assert again.id == letter.id


@pytest.mark.parametrize("other", [line({"id": 2}), line(at=AT.replace(microsecond=1)), line(id="r" + "0" * 15)])
def test_other_letters_have_other_ids(other: bytes) -> None:
    """A record that was rejected twice is two letters; a letter with a stored id keeps it."""
    first, second = parse(line()), parse(other)
    assert first
    assert second
    assert first.id != second.id


def test_of_two_lines_with_one_id_the_last_counts() -> None:
    """A copied line is the same letter."""
    own = "r" + "1" * 15
    contents = letters_in([line({"id": 1}, id=own), line(), line({"id": 2}, id=own), line()])
    assert [letter.record["id"] for letter in contents.letters.values()] == [2, 1]
    assert contents.others == 0


@pytest.mark.parametrize(
    "other",
    [
        b'{"type": "REC',
        b"{}",
        b"[]",
        b"hello\n",
        b'{"type": "STATE", "value": 1}',
        b'{"type": "RECORD", "stream": "a", "record": {}}',
        b'{"type": "RECORD", "stream": "a", "record": [], "reasons": []}',
        b'{"type": "RECORD", "stream": 1, "record": {}, "reasons": []}',
        b'{"type": "RECORD", "stream": "a", "record": {}, "reasons": [], "key_properties": "id"}',
    ],
)
def test_other_lines_are_not_letters(other: bytes) -> None:
    """Lines that a crash cut off or a person added are counted and do no harm; blank lines are not counted."""
    contents = letters_in([other, b"\n", line()])
    assert (len(contents.letters), contents.others) == (1, 1)


@pytest.mark.parametrize(
    ("at", "meant"),
    [
        ("2026-11-23T08:00:00Z", AT),
        ("2026-11-23T09:00:00+01:00", AT),
        ("2026-11-23T08:00:00", AT),
        ("yesterday", None),
        (None, None),
        (5, None),
    ],
)
def test_letter_without_a_time_has_no_age(at: object, meant: datetime | None) -> None:
    """A letter with an invalid time, such as after editing by hand, is still a letter."""
    content = {**decode(line()), "at": at}
    letter = parse(json.dumps(content, default=float).encode())
    assert letter
    assert letter.at == meant


def test_letters_of_an_earlier_version_are_letters() -> None:
    """Each has an id, and letters of unknown outcome are recognised."""
    lines = (PROJECT / "tests" / "fixtures" / "v0_1" / "rejects.jsonl").read_bytes().splitlines()
    contents = letters_in(lines)
    assert (len(contents.letters), contents.others) == (len(lines), 0)
    lost = [b"was lost, so the lead may or may not exist" in line for line in lines]
    assert [is_unknown(letter) for letter in contents.letters.values()] == lost
    assert any(lost)
    assert not all(lost)


def test_letter_is_replayed_unchanged() -> None:
    """The target gets the record, with all digits of numbers, as a replay with the letter's id."""
    letter = parse(line())
    assert letter
    assert decode(message_of(letter)) == {
        "type": "RECORD",
        "stream": "leads",
        "key_properties": ["id"],
        "record": {"id": 1, "price": Decimal("1.10")},
        "reasons": [],
        "id": letter.id,
    }
