"""Which name of a record's field means which field of a lead: one table, whatever the style of the name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

PHONES = "phoneNumbers"
SUBMITTED_DATE = "submittedDate"

#: The contract's fields, each with the names that mean it, normalised; the first that holds a value wins.
FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "firstName": ("firstname", "givenname", "prenom"),
    "lastName": ("lastname", "surname", "familyname", "nom", "nomdefamille"),
    "gender": ("gender",),
    "email": ("email", "emailaddress", "mail", "courriel"),
    "language": ("language", "lang"),
    PHONES: ("phonenumbers", "phones", "phonenumber", "phone", "telephone", "tel"),
    "message": ("message", "messagetext", "comment", "comments"),
    "classifiedId": ("classifiedid",),
    SUBMITTED_DATE: (
        "submitteddate",
        "submittedat",
        "createdat",
        "createddate",
        "createdate",
        "creationdate",
        "datecreated",
        "ingestiondate",  # of the tap's own leads: when the portal processed what somebody had just submitted
    ),
}
#: Names of phones that say the type too; they stand behind those of `FIELD_NAMES`.
TYPED_PHONE_NAMES: dict[str, tuple[str, ...]] = {
    "MOBILE": ("mobile", "mobilephone", "mobilenumber", "cellphone", "portable"),
    "LANDLINE": ("landline", "landlinephone", "homephone", "fixe"),
}

#: Objects whose fields count as the record's, each with what it can say about a lead. When a property or a person
#: was entered somewhere is not when the lead was submitted.
CONTAINERS: dict[str, frozenset[str]] = {
    "contactrequest": frozenset(FIELD_NAMES),
    "contact": frozenset(FIELD_NAMES) - {SUBMITTED_DATE},
    "property": frozenset({"classifiedId"}),
    "metadata": frozenset({SUBMITTED_DATE}),
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a name means: a field of the lead and, for some names of phones, the type."""

    field: str
    #: Lower goes first: by field, then by name, then by place, the top level before the containers.
    priority: tuple[int, int, int]
    phone_type: str | None = None


def meaning_of(name: str, container: str = "") -> Meaning | None:
    """Return what a field's name means, at the top level or in a container; None where the table does not know it."""
    # A field in a container is looked up as flattening would name it, so that both are one case.
    return _MEANINGS.get(normalise(container) + normalise(name))


def is_container(name: str) -> bool:
    """Say whether a field of that name holds fields of the lead."""
    return normalise(name) in CONTAINERS


@lru_cache(maxsize=4096)  # a stream has few names and many records
def normalise(name: str) -> str:
    """Return the name's letters and digits in lower case, without accents: `Prénom` is `prenom`."""
    return "".join(char for char in unicodedata.normalize("NFKD", name).lower() if char.isalnum())


def _meanings() -> dict[str, Meaning]:
    meanings = {}
    places = {"": frozenset(FIELD_NAMES), **CONTAINERS}
    for field_rank, (field, plain_names) in enumerate(FIELD_NAMES.items()):
        names: list[tuple[str, str | None]] = [(name, None) for name in plain_names]
        if field == PHONES:
            names += [(name, kind) for kind, typed in TYPED_PHONE_NAMES.items() for name in typed]
        for place_rank, (place, fields) in enumerate(places.items()):
            if field in fields:
                for name_rank, (name, phone_type) in enumerate(names):
                    meanings[place + name] = Meaning(field, (field_rank, name_rank, place_rank), phone_type)
    return meanings


_MEANINGS = _meanings()
