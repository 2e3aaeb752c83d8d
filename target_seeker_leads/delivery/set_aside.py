"""Records that are not meant to become leads: deleted rows, erased leads, Meltano's test record. Pure."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from target_seeker_leads.delivery.report import Result
from target_seeker_leads.mapping.conversions import is_empty
from target_seeker_leads.mapping.field_names import normalise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_seeker_leads.delivery.deleted_marks import DeletedMark
    from target_seeker_leads.delivery.incoming import Incoming, Source

#: The stream of the record that `meltano config test` sends.
MELTANO_TEST_STREAM = "meltano_test_stream"
_TAP_COLUMNS = frozenset({"leadid", "ingestiondate", "iserased"})
METADATA_PREFIX = "_sdc_"
_DELETED_SUFFIX = "deleted_at"


def why_set_aside(incoming: Incoming, deleted_when: tuple[DeletedMark, ...]) -> Result | None:
    """Return the result of a record that must not be sent; None if it may be sent.

    This uses the record before any stream map: maps do not see `_sdc_` columns, and may rename others.
    """
    record = incoming.source.record
    if incoming.source.stream == MELTANO_TEST_STREAM:
        return Result.TEST
    if _is_deleted(record) or any(mark.is_on(record) for mark in deleted_when):
        return Result.DELETED
    if came_at(record) is not None and _by_name(record).get("iserased") is True:
        return Result.ERASED
    return None


def came_at(record: Mapping[str, Any]) -> datetime | None:
    """Return the `ingestionDate` of a lead that came from the tap; None for any other record."""
    named = _by_name(record)
    text = named.get("ingestiondate")
    if is_empty(named.get("leadid")) or not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def has_only_key(source: Source) -> bool:
    """Return whether a record holds only its key, as the rest of a deleted row does."""
    return all(
        is_empty(value) or name in source.key_properties or name.casefold().startswith(METADATA_PREFIX)
        for name, value in source.record.items()
    )


def _is_deleted(record: Mapping[str, Any]) -> bool:
    return any(not is_empty(record[name]) for name in _deletion_marks(tuple(record)))


@lru_cache(maxsize=256)  # a stream has few shapes and many records
def _deletion_marks(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        name
        for name in names
        if (folded := name.casefold()).startswith(METADATA_PREFIX) and folded.endswith(_DELETED_SUFFIX)
    )


def _by_name(record: Mapping[str, Any]) -> dict[str, Any]:
    return {normalised: record[name] for normalised, name in _names_of_the_tap(tuple(record)).items()}


@lru_cache(maxsize=256)  # as above
def _names_of_the_tap(names: tuple[str, ...]) -> dict[str, str]:
    # Warehouses change the spelling of names.
    return {normalised: name for name in names if (normalised := normalise(name)) in _TAP_COLUMNS}
