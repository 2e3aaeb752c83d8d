"""How earlier versions identified a record: a promise, so nothing here ever changes; a new form gets a new function.

The ledger looks a record up by these forms too, so that what was delivered before an update is not sent again.
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
    """Return what earlier versions may have hashed for a record, the current form among them or not.

    The versions of the ledger's format 1 took `false` and a missing column for an empty key, and knew numbers by their
    spelling. They sent some records that are rejects now, so both forms of a record without a key are asked for then.
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
