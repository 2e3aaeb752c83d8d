"""What makes a record the same lead as another: hashes, so that the ledger holds nobody's data.

What goes into them is a promise: another form would make every lead a new one. So a version that changes the form also
names the keys that the versions before gave the same record (`earlier_identity`). The destination is part of all, so
that what was sent to the vendor's sandbox, or for another account, counts as new.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.delivery.earlier_identity import earlier_forms
from target_seeker_leads.delivery.fingerprint import fingerprint
from target_seeker_leads.delivery.key_values import key_value, key_values
from target_seeker_leads.mapping.field_names import normalise
from target_seeker_leads.settings import DedupeBy
from target_seeker_leads.singer.singer_json import sha256

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.settings import ConnectionSettings
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.settings import TargetSettings

#: Columns that taps and loaders add, different with each run: when and where a row was read. The names are those of
#: the SDK, tap-csv, tap-spreadsheets, tap-google-sheets, tap-spreadsheets-anywhere, tap-s3-csv, Airbyte, Fivetran, dlt.
_RUN_COLUMN = re.compile(
    r"_sdc_.*|__sdc_.*|_smart_source_.*|_s3_source_.*|_ab_source_file_.*|_airbyte_.*|_fivetran_.*|_dlt_.*"
    r"|_+(?:line|row)_?(?:no|nr|num|number|index)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """What the ledger knows a record by; all of it is a pure function of the record and the settings."""

    #: SHA-256 in hex of what identifies the lead.
    key: str
    #: SHA-256 in hex of all that would be sent, or why nothing can be.
    content: str
    #: The keys under which earlier versions may have stored the same record, without `key` itself.
    earlier_keys: tuple[str, ...]
    #: SHA-256 in hex of destination, person, listing and message, whatever the record's shape.
    fingerprint: str
    #: Declared key properties that the record lacks altogether.
    missing_key_properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    """Tells records apart, for one account and one way to do so."""

    destination: tuple[str | None, ...]
    defaults: Mapping[str, Any]
    dedupe_by: DedupeBy

    @classmethod
    def of(cls, settings: TargetSettings, connection: ConnectionSettings | None = None) -> Identifier:
        """Return the identifier of an account; of the settings' only one without it.

        An account is what outlives a new secret.
        """
        connection = connection or settings.connection
        credentials = connection.credentials
        account = (credentials.client_id, credentials.intermediary_id) if credentials else (None, None)
        return cls((connection.api_url, *account), settings.defaults, settings.dedupe_by)

    @classmethod
    def of_nobody(cls, settings: TargetSettings) -> Identifier:
        """Return the identifier of records that are for none of several accounts."""
        return cls((settings.connection.api_url, None, None), settings.defaults, settings.dedupe_by)

    def identify(
        self, incoming: Incoming, mapped: Mapping[str, Any], *, can_be_sent: bool, looks_back: bool = True
    ) -> Identity:
        """Return a record's identity; `mapped` is what it says itself of a lead, without the defaults.

        Where nothing `looks_back`, as without a ledger, there are no content, no earlier keys and no
        fingerprint: they cost as much as all the rest.

        Where the record has a `failure`, such as a stream map that broke, `mapped` is read from the record as it came.
        A map that leaves the lead's fields alone makes the same of it once it is fixed, so the failure is part of the
        content: the same one again is nothing new, and none is. The key knows nothing of failures. With `key` it names
        the record, broken or not, so that the fixed one meets the row of the reject. As `content` it changes by
        itself, since what cannot be sent is known by its whole record.
        """
        full = {**self.defaults, **mapped}
        content: list[Any] = [self.destination, full]
        if incoming.failure:
            content.append(incoming.failure.rule)
        form = self._form(incoming, mapped, can_be_sent=can_be_sent)
        key = sha256(form)
        earlier: tuple[str, ...] = ()
        if looks_back and self.dedupe_by is not DedupeBy.NONE:
            by_key = self.dedupe_by is DedupeBy.KEY
            forms = earlier_forms(incoming, self.destination, by_key=by_key, can_be_sent=can_be_sent)
            hashes = dict.fromkeys(sha256(other) for other in forms if other != form)
            earlier = tuple(other for other in hashes if other != key)
        return Identity(
            key=key,
            content=sha256(content) if looks_back else "",
            earlier_keys=earlier,
            fingerprint=fingerprint(self.destination, full) if looks_back else "",
            missing_key_properties=tuple(name for name in incoming.key_properties if name not in incoming.record),
        )

    def _form(self, incoming: Incoming, mapped: Mapping[str, Any], *, can_be_sent: bool) -> list[Any]:
        """Return what is hashed into the key."""
        if self.dedupe_by is DedupeBy.NONE:
            return ["none", uuid.uuid4().hex]
        keys = key_values(incoming.record, incoming.key_properties) if self.dedupe_by is DedupeBy.KEY else None
        if keys is not None:
            return ["key", self.destination, incoming.stream, keys]
        if can_be_sent:
            # Two streams that say the same of the same person mean the same lead.
            form: list[Any] = ["content", self.destination, mapped]
            look_alikes = _look_alikes(incoming) if self.dedupe_by is DedupeBy.KEY else {}
            return [*form, look_alikes] if look_alikes else form
        # What could not be understood may be the very difference between two records.
        source = incoming.source
        plain = {name: value for name, value in source.record.items() if not _RUN_COLUMN.fullmatch(name)}
        return ["record", self.destination, source.stream, plain]


def _look_alikes(incoming: Incoming) -> dict[str, Any]:
    """Return the values of columns that are named as a missing key property but for a BOM, case, blanks or signs.

    They are not taken for the key, but two records that differ in them are never one.
    """
    missing = {normalise(name) for name in incoming.key_properties if name not in incoming.record}
    missing.discard("")
    return {name: key_value(value) for name, value in incoming.record.items() if normalise(name) in missing}
