"""Whether the person behind a lead had their data deleted: pure, and from the lead alone.

The API erases by null, not by leaving fields out. So a contact without a field, or with a value of another type than
the contract says, is not called erased: a warehouse deletes what a lead says of a person by this.
"""

from __future__ import annotations

from typing import Any

import msgspec

_NULLED = ("lastName", "email", "message")


def is_erased_by_the_contract(item: Any) -> bool:  # noqa: ANN401  # a type that exists at run time only
    """Return whether an item as msgspec reads it is erased; a field that is missing is `UNSET`."""
    contact = item.contactRequest
    # Most leads have a last name, so that one look is enough.
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
