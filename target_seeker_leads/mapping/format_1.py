"""How the versions of ledger format 1 read records. This is a promise and never changes."""

from __future__ import annotations

import re
from typing import Any

from target_seeker_leads.mapping.conversions import CONVERTERS, is_empty, to_trimmed, to_upper
from target_seeker_leads.mapping.field_names import CONTAINERS, Meaning, meaning_of, normalise
from target_seeker_leads.mapping.phones import Reading

_NAMES = frozenset(
    (
        *("firstname", "givenname", "prenom", "lastname", "surname", "familyname", "nom", "nomdefamille", "gender"),
        *("email", "emailaddress", "mail", "courriel", "language", "lang", "phonenumbers", "phones", "phonenumber"),
        *("phone", "telephone", "tel", "message", "messagetext", "comment", "comments", "classifiedid"),
        *("submitteddate", "submittedat", "createdat", "createddate", "createdate", "creationdate", "datecreated"),
        *("ingestiondate", "mobile", "mobilephone", "mobilenumber", "cellphone", "portable", "landline"),
        *("landlinephone", "homephone", "fixe"),
    )
)
#: A field in a container is looked up under its flattened name.
_KNOWN = frozenset(place + name for place in ("", *CONTAINERS) for name in _NAMES)
_LOCALE = re.compile(r"([A-Z]{2,3})[_-][A-Z0-9@._-]+", re.ASCII)


def _meaning(name: str, container: str) -> Meaning | None:
    return meaning_of(name, container) if normalise(container) + normalise(name) in _KNOWN else None


def _language(value: Any) -> Any:  # noqa: ANN401  # any value, which may stay as it is
    text = to_upper(value)
    locale = _LOCALE.fullmatch(text) if isinstance(text, str) else None
    return locale[1] if locale else text


def _number(value: Any) -> Any:  # noqa: ANN401  # any value, which may stay as it is
    text = to_trimmed(value)
    # Digits only, because the contract's pattern would accept a minus or a decimal point as a separator.
    return text if isinstance(value, str) or (isinstance(text, str) and text.isdigit()) else value


def _is_empty(value: object) -> bool:
    return not value.strip() if isinstance(value, str) else is_empty(value)


FORMAT_1 = Reading(
    _is_empty,
    _number,
    _meaning,
    {**CONVERTERS, "gender": to_upper, "language": _language},
)
