"""How earlier versions identified a record. This is a promise and never changes; a new form gets a new function.

The ledger also looks up these forms, so that a lead that was delivered before an update is not sent again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.conversions import to_text
from target_seeker_leads.mapping.format_1 import FORMAT_1
from target_seeker_leads.mapping.record_to_request import to_request

if TYPE_CHECKING:
    from target_seeker_leads.delivery.incoming import Incoming


def earlier_forms(
    incoming: Incoming, destination: tuple[str | None, ...], *, by_key: bool, can_be_sent: bool
) -> list[list[Any]]:
    """Return the forms that earlier versions may have hashed for a record; the current form may be among them.

    The versions of ledger format 1 treated `false` and a missing column as an empty key, and compared numbers by their
    spelling. They sent some records that are rejects now, so for these both forms without a key are returned.
    """
    if by_key:
        keys = {name: to_text(incoming.record.get(name)) for name in incoming.key_properties}
        if keys and not any(FORMAT_1.is_empty(value) for value in keys.values()):
            return [["key", destination, incoming.stream, keys]]
    source = incoming.source
    forms: list[list[Any]] = []
    if not incoming.failure:
        forms.append(["content", destination, to_request(incoming.record, FORMAT_1).request])
    if not can_be_sent:
        plain = {name: value for name, value in source.record.items() if not name.startswith("_sdc_")}
        forms.append(["record", destination, source.stream, plain])
    return forms
