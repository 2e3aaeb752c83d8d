"""What makes a record the same lead as another: hashes, so that the ledger holds nobody's data.

What goes into them is a promise: another form would make every lead a new one. The destination is part of it, so that
what was sent to the vendor's sandbox counts as new in production.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from target_seeker_leads.settings import DedupeBy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.settings import ConnectionSettings
    from target_seeker_leads.incoming import Incoming


@dataclass(frozen=True, slots=True)
class Identity:
    """Hex SHA-256 of what identifies a lead, and of all that is said about it."""

    key: str
    content: str


def destination_of(settings: ConnectionSettings) -> list[str | None]:
    """Return what makes two API accounts different, as far as that outlives a change of secrets."""
    agency = settings.credentials.intermediary_id if settings.credentials else None
    return [settings.api_url, agency]


def identify(
    incoming: Incoming,
    mapped: Mapping[str, Any],
    defaults: Mapping[str, Any],
    *,
    destination: list[str | None],
    dedupe_by: DedupeBy,
) -> Identity:
    """Return a record's identity; `mapped` is what it says itself of a lead, without the defaults."""
    content = [destination, mapped]
    values = [incoming.record.get(name) for name in incoming.key_properties]
    if dedupe_by is DedupeBy.NONE:
        key: list[Any] = [uuid.uuid4().hex]
    elif dedupe_by is DedupeBy.KEY and values and None not in values:
        key = ["key", destination, incoming.stream, values]
    else:
        # Two streams that say the same of the same person mean the same lead.
        key = ["content", *content]
    return Identity(_sha256(key), _sha256([*content, defaults]))


def _sha256(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, enc_hook=str, order="sorted")).hexdigest()
