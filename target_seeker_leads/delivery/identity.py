"""Decides which records are the same lead, by hashes, so that the ledger holds no personal data.

The form that is hashed is a promise: another form would make every lead new. So a version that changes the form must
also return the keys that earlier versions gave the same record (`earlier_identity`). The destination is part of each
hash, so that a lead that was sent to the vendor's sandbox, or for another account, counts as new.
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

#: Columns that taps and loaders add, which differ in each run: when and where a row was read. The names are those of
#: the SDK, tap-csv, tap-spreadsheets, tap-google-sheets, tap-spreadsheets-anywhere, tap-s3-csv, Airbyte, Fivetran, dlt.
_RUN_COLUMN = re.compile(
    r"_sdc_.*|__sdc_.*|_smart_source_.*|_s3_source_.*|_ab_source_file_.*|_airbyte_.*|_fivetran_.*|_dlt_.*"
    r"|_+(?:line|row)_?(?:no|nr|num|number|index)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Identity:
    """How the ledger identifies a record: a pure function of the record and the settings."""

    #: SHA-256 in hex of what identifies the lead.
    key: str
    #: SHA-256 in hex of the whole request, and of the failure if there is one.
    content: str
    #: The keys under which earlier versions may have stored the same record, without `key` itself.
    earlier_keys: tuple[str, ...]
    #: SHA-256 in hex of destination, person, listing and message, whatever the record's shape.
    fingerprint: str
    #: Declared key properties that the record does not have.
    missing_key_properties: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Identifier:
    """Identifies records, for one account and one `dedupe_by`."""

    destination: tuple[str | None, ...]
    defaults: Mapping[str, Any]
    dedupe_by: DedupeBy

    @classmethod
    def of(cls, settings: TargetSettings, connection: ConnectionSettings | None = None) -> Identifier:
        """Return the identifier for an account, by default the only one of the settings.

        A new secret does not change the account.
        """
        connection = connection or settings.connection
        credentials = connection.credentials
        account = (credentials.client_id, credentials.intermediary_id) if credentials else (None, None)
        return cls((connection.api_url, *account), settings.defaults, settings.dedupe_by)

    @classmethod
    def without_account(cls, settings: TargetSettings) -> Identifier:
        """Return the identifier of records that are for none of several accounts.

        It differs from that of an account with an `auth_token`: a reject without an account must not hide the
        corrected record.
        """
        return cls((settings.connection.api_url, None, None, "nobody"), settings.defaults, settings.dedupe_by)

    def identify(
        self, incoming: Incoming, mapped: Mapping[str, Any], *, can_be_sent: bool, with_history: bool = True
    ) -> Identity:
        """Return a record's identity; `mapped` holds the record's own fields of a lead, without the defaults.

        Without `with_history`, as in a run without a ledger, content, earlier keys and fingerprint are empty: they cost
        as much as all the rest.

        If the record has a `failure`, such as a stream map that failed, `mapped` is read from the record before the
        map. Once the map is fixed, it may return the same fields, so the failure is part of the content: the same
        failure again is nothing new, but no failure is a change. The key does not depend on failures. With `key`, it
        is the same whether or not the record failed, so the fixed record finds the row of the reject. With `content`,
        it changes anyway, because a record that cannot be sent is identified by all its columns.
        """
        full = {**self.defaults, **mapped}
        content: list[Any] = [self.destination, full]
        if incoming.failure:
            content.append(incoming.failure.rule)
        form = self._form(incoming, mapped, can_be_sent=can_be_sent)
        key = sha256(form)
        earlier: tuple[str, ...] = ()
        if with_history and self.dedupe_by is not DedupeBy.NONE:
            by_key = self.dedupe_by is DedupeBy.KEY
            forms = earlier_forms(incoming, self.destination, by_key=by_key, can_be_sent=can_be_sent)
            hashes = dict.fromkeys(sha256(other) for other in forms)
            earlier = tuple(other for other in hashes if other != key)
        return Identity(
            key=key,
            content=sha256(content) if with_history else "",
            earlier_keys=earlier,
            fingerprint=fingerprint(self.destination, full) if with_history else "",
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
            # Two streams with the same content about the same person mean the same lead.
            form: list[Any] = ["content", self.destination, mapped]
            look_alikes = _look_alikes(incoming) if self.dedupe_by is DedupeBy.KEY else {}
            return [*form, look_alikes] if look_alikes else form
        # A column that was not understood may be the only difference between two records.
        source = incoming.source
        plain = {name: value for name, value in source.record.items() if not _RUN_COLUMN.fullmatch(name)}
        return ["record", self.destination, source.stream, plain]


def _look_alikes(incoming: Incoming) -> dict[str, Any]:
    """Return the columns whose names differ from a missing key property only in a BOM, case, blanks or punctuation.

    They do not count as the key, but two records that differ in them are never the same lead.
    """
    missing = {normalise(name) for name in incoming.key_properties if name not in incoming.record}
    missing.discard("")
    return {name: key_value(value) for name, value in incoming.record.items() if normalise(name) in missing}
