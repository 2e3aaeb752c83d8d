from __future__ import annotations

from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from target_seeker_leads.delivery.deleted_marks import DeletedMark
from target_seeker_leads.delivery.incoming import Incoming, Source
from target_seeker_leads.delivery.report import Result
from target_seeker_leads.delivery.set_aside import came_at, has_only_key, why_set_aside

AT = "2026-11-23T08:00:00Z"
TAPPED = {"leadId": "a", "ingestionDate": AT}


def incoming(record: dict[str, Any], stream: str = "leads") -> Incoming:
    # The source's own record decides, because stream maps do not see these columns.
    return Incoming("renamed", (), {}, Source(stream, (), record, is_replay=False))


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ({}, None),
        ({"id": 1, "deleted_at": AT}, None),
        ({"_sdc_deleted_at": AT}, Result.DELETED),
        ({"_sdc_deleted_at": None}, None),
        ({"_sdc_deleted_at": ""}, None),
        ({"_sdc_deleted_at": False}, None),
        ({"_SDC_DELETED_AT": AT}, Result.DELETED),
        ({"_sdc_source_deleted_at": AT}, Result.DELETED),
        ({"_sdc_extracted_at": AT}, None),
        ({"my_sdc_deleted_at": AT}, None),
        ({**TAPPED, "isErased": True}, Result.ERASED),
        ({"lead_id": "a", "INGESTION_DATE": AT, "is_erased": True}, Result.ERASED),
        ({**TAPPED, "isErased": False}, None),
        ({"leadId": "a", "isErased": True}, None),
        ({"isErased": True, "ingestionDate": AT}, None),
        ({**TAPPED, "isErased": True, "_sdc_deleted_at": AT}, Result.DELETED),
    ],
)
def test_deleted_rows_and_erased_leads_are_set_aside(record: dict[str, Any], result: Result | None) -> None:
    """A row that its source deleted, and an erased lead of the tap, are not sent; all others are."""
    assert why_set_aside(incoming(record), ()) is result


def test_test_record_of_meltano_is_set_aside() -> None:
    """The stream that `meltano config test` generates is recognised by its name."""
    assert why_set_aside(incoming({"id": 1}, "meltano_test_stream"), ()) is Result.TEST


@pytest.mark.parametrize(
    ("mark", "record", "is_on"),
    [
        ("gone", {"gone": AT}, True),
        ("gone", {"gone": True}, True),
        ("gone", {"gone": 0}, True),
        ("gone", {"gone": False}, False),
        ("gone", {"gone": None}, False),
        ("gone", {"gone": " "}, False),
        ("gone", {}, False),
        ("active=false", {"active": False}, True),
        ("active = false", {"active": "FALSE"}, True),
        ("active=false", {"active": True}, False),
        ("active=false", {}, False),
        ("active=false", {"active": None}, False),
        ("status=archived", {"status": "Archived "}, True),
        ("status=archived", {"status": "open"}, False),
        ("state=0", {"state": 0}, True),
        ("state=0", {"state": Decimal("0.0")}, True),
        ("state=0", {"state": 10}, False),
        ("state=a=b", {"state": "a=b"}, True),
        ("state=0", {"state": [0]}, False),
    ],
)
def test_marks_of_deleted_rows(mark: str, record: dict[str, Any], is_on: bool) -> None:  # noqa: FBT001  # by pytest
    """A mark is a column with any value, or with one value, however the source spells it."""
    assert DeletedMark.parse(mark).is_on(record) is is_on
    expected = Result.DELETED if is_on else None
    assert why_set_aside(incoming(record), (DeletedMark("other"), DeletedMark.parse(mark))) is expected


@pytest.mark.parametrize("text", ["", " ", "=", "=false", "active=", "active= "])
def test_mark_that_says_nothing_is_refused(text: str) -> None:
    """A mark without a column, or with an equals sign and no value, is an error."""
    with pytest.raises(ValueError, match="column"):
        DeletedMark.parse(text)


@pytest.mark.parametrize(
    ("record", "at"),
    [
        (TAPPED, datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ({**TAPPED, "ingestionDate": "2026-11-23T09:00:00+01:00"}, datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ({**TAPPED, "ingestionDate": "2026-11-23 08:00:00"}, datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ({**TAPPED, "ingestionDate": "yesterday"}, None),
        ({**TAPPED, "ingestionDate": 1}, None),
        ({**TAPPED, "leadId": None}, None),
        ({"ingestionDate": AT}, None),
        ({"leadId": "a"}, None),
    ],
)
def test_only_records_of_the_tap_came_from_the_api(record: dict[str, Any], at: datetime | None) -> None:
    """A record comes from the tap if it has an ID and a valid ingestion date."""
    assert came_at(record) == at


@pytest.mark.parametrize(
    ("record", "is_alone"),
    [
        ({"id": 1}, True),
        ({"id": 1, "name": None, "mail": "", "_sdc_extracted_at": AT, "_SDC_LSN": 5}, True),
        ({"id": 1, "name": "x"}, False),
        ({}, True),
    ],
)
def test_key_alone(record: dict[str, Any], is_alone: bool) -> None:  # noqa: FBT001  # by pytest
    """A deleted row may keep only its key, and the columns that loaders add."""
    assert has_only_key(Source("leads", ("id",), record, is_replay=False)) is is_alone
