"""What makes a record the same lead as another: hashes, so that the ledger holds nobody's data.

What goes into them is a promise: another form would make every lead a new one. The destination is part of it, so that
what was sent to the vendor's sandbox, or for another account, counts as new.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import is_empty, to_text
from target_seeker_leads.settings import DedupeBy
from target_seeker_leads.singer.singer_json import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.settings import TargetSettings

#: Columns that loaders and taps add, different with each run.
_METADATA_PREFIX = "_sdc_"


@dataclass(frozen=True, slots=True)
class Identity:
    """Hex SHA-256 of what identifies a lead, and of all that would be sent, or why nothing can be."""

    key: str
    content: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """Tells records apart, for one account and one way to do so."""

    destination: tuple[str | None, ...]
    defaults: Mapping[str, Any]
    dedupe_by: DedupeBy

    @classmethod
    def of(cls, settings: TargetSettings) -> Identifier:
        """Return the settings' identifier. An account is what outlives a new secret."""
        credentials = settings.connection.credentials
        account = (credentials.client_id, credentials.intermediary_id) if credentials else (None, None)
        return cls((settings.connection.api_url, *account), settings.defaults, settings.dedupe_by)

    def identify(self, incoming: Incoming, mapped: Mapping[str, Any], *, can_be_sent: bool) -> Identity:
        """Return a record's identity; `mapped` is what it says itself of a lead, without the defaults.

        Where the record has a `failure`, such as a stream map that broke, `mapped` is read from the record as it came.
        A map that leaves the lead's fields alone makes the same of it once it is mended, so the failure is part of the
        content: the same one again is nothing new, and none is. The key knows nothing of failures. With `key` it names
        the record, broken or not, so that the mended one meets the row of the reject. As `content` it changes by
        itself, since what cannot be sent is known by its whole record.
        """
        # Sources write the same key as 1001, 1001.0 or "1001"; an empty one is none.
        keys = {name: to_text(incoming.record.get(name)) for name in incoming.key_properties}
        has_key = bool(keys) and not any(is_empty(value) for value in keys.values())
        if self.dedupe_by is DedupeBy.NONE:
            key: list[Any] = ["none", uuid.uuid4().hex]
        elif self.dedupe_by is DedupeBy.KEY and has_key:
            key = ["key", self.destination, incoming.stream, keys]
        elif can_be_sent:
            # Two streams that say the same of the same person mean the same lead.
            key = ["content", self.destination, mapped]
        else:
            # What could not be understood may be the very difference between two records.
            source = incoming.source
            plain = {name: value for name, value in source.record.items() if not name.startswith(_METADATA_PREFIX)}
            key = ["record", self.destination, source.stream, plain]
        content: list[Any] = [self.destination, {**self.defaults, **mapped}]
        if incoming.failure:
            content.append(incoming.failure.rule)
        return Identity(_sha256(key), _sha256(content))


def _sha256(value: object) -> str:
    return hashlib.sha256(encode(value, is_sorted=True)).hexdigest()
