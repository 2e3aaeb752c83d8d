"""Whether the person behind a lead had their data deleted: pure, and derived from the lead alone.

The API erases a field by setting it to null, not by leaving it out. So a contact that lacks a field, or has a value
whose type differs from the contract, does not count as erased: warehouses delete personal data by this flag.
"""

from __future__ import annotations

from typing import Any

import msgspec

_NULLED = ("lastName", "email", "message")


def is_erased_by_the_contract(item: Any) -> bool:  # noqa: ANN401  # a type that exists at run time only
    """Return whether an item that msgspec decoded is erased; a missing field is `UNSET`."""
    contact = item.contactRequest
    # Most leads have a last name, so the first comparison is usually enough.
    if contact is None or contact.lastName is not None or contact.email is not None or contact.message is not None:
        return False
    call = item.callDetails
    no_number_is_left = call is None or call.seekerPhoneNumber in (None, msgspec.UNSET)
    return contact.phoneNumbers == [] and no_number_is_left


def is_erased(item: dict[str, Any]) -> bool:
    """Return whether an item of the API's JSON is erased; nothing in its `contactRequest` has a wrong type."""
    contact, call = item.get("contactRequest"), item.get("callDetails")
    if not isinstance(contact, dict) or any(contact.get(name, ...) is not None for name in _NULLED):
        return False
    no_number_is_left = call is None or (isinstance(call, dict) and call.get("seekerPhoneNumber") is None)
    return contact.get("phoneNumbers") == [] and no_number_is_left
