"""Maps the names of a record's fields to fields of a lead: one table for all styles of names."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

PHONES = "phoneNumbers"
SUBMITTED_DATE = "submittedDate"

#: The contract's fields, each with the names that mean it, normalised; the first that holds a value wins.
FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "firstName": (
        *("firstname", "givenname", "forename"),
        *("prenom", "prenoms", "prenomducontact", "prenomcontact", "prenomduclient", "prenomclient", "prenomprospect"),
    ),
    "lastName": (
        *("lastname", "surname", "familyname"),
        *("nom", "nomdefamille", "nomducontact", "nomcontact", "nomduclient", "nomclient", "nomprospect"),
    ),
    "gender": ("gender", "sex", "salutation", "civility", "civilite", "genre", "sexe"),
    "email": (
        *("email", "emailaddress", "mail", "mailaddress", "courriel"),
        *("adresseemail", "adressemail", "adressecourriel", "adresseelectronique", "courrierelectronique"),
        *("emailducontact", "emailcontact", "mailcontact", "emailduclient", "emailclient", "mailclient"),
        *("emailprospect", "mailprospect"),
    ),
    "language": (
        *("language", "lang", "preferredlanguage", "locale"),
        *("langue", "languepreferee", "langueducontact", "languecontact", "langueclient"),
    ),
    PHONES: (
        *("phonenumbers", "phones", "phonenumber", "phone", "phone1", "phone2", "telephonenumber"),
        *("telephone", "telephones", "tel", "telephone1", "telephone2", "tel1", "tel2"),
        *("numerodetelephone", "numerotelephone", "numtelephone", "numtel", "ntelephone", "ntel"),
        *("telephoneducontact", "telephonecontact", "telcontact", "telephoneclient", "telclient", "telephoneprospect"),
    ),
    "message": (
        *("message", "messagetext", "messageducontact", "messagecontact", "messageduclient", "messageclient"),
        *("messageduprospect", "messageprospect", "textedumessage"),
        *("comment", "comments", "commentaire", "commentaires", "commentaireducontact", "commentaireduclient"),
    ),
    "classifiedId": (
        *("classifiedid", "listingid", "listingreference", "listingref", "listingnumber", "adid", "adreference"),
        *("referenceannonce", "referencedelannonce", "refannonce", "refdelannonce", "annonceref", "annoncereference"),
        *("numeroannonce", "numerodannonce", "numerodelannonce", "numannonce", "nannonce", "noannonce", "ndannonce"),
        *("idannonce", "iddelannonce", "annonceid", "identifiantannonce", "identifiantdelannonce", "codeannonce"),
    ),
    SUBMITTED_DATE: (
        *("submitteddate", "submittedat", "createdat", "createddate", "createdate", "creationdate", "datecreated"),
        *("submittedon", "submissiondate", "receivedat", "receiveddate", "receivedon", "datereceived", "createdon"),
        *("datedelademande", "datedemande", "datedesoumission", "datesoumission", "dateducontact", "datedecontact"),
        *("datecontact", "datedumessage", "datemessage", "recule", "datedereception", "datereception", "envoyele"),
        *("datedenvoi", "dateenvoi", "datedulead", "datelead", "datedecreation", "datecreation", "creele"),
        "ingestiondate",  # of the tap's own leads: when the portal processed a lead, soon after it was submitted
    ),
}
#: Names of phones that include the type; they come after those of `FIELD_NAMES`.
TYPED_PHONE_NAMES: dict[str, tuple[str, ...]] = {
    "MOBILE": (
        *("mobile", "mobilephone", "mobilenumber", "mobilephonenumber", "cellphone", "cell"),
        *("portable", "telephoneportable", "telportable", "telephonemobile", "telmobile", "numerodeportable"),
        *("numeroportable", "numerodemobile", "numeromobile", "gsm"),
    ),
    "LANDLINE": (
        *("landline", "landlinephone", "homephone"),
        *("fixe", "telephonefixe", "telfixe", "lignefixe", "telephonedomicile", "teldomicile", "numerofixe"),
    ),
}
#: Ambiguous names. They count only at the top level, and only if no better name holds a value.
VAGUE_NAMES: dict[str, tuple[str, ...]] = {
    "classifiedId": ("annonce", "listing", "referencedubien", "referencebien", "refbien", "reference", "ref"),
    SUBMITTED_DATE: ("date", "dateetheure", "dateheure", "horodatage", "timestamp"),
}

#: Objects whose fields count as the record's, each with the fields of a lead that it may hold. The date on which a
#: property or a person was entered is not the date on which the lead was submitted.
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
    #: Lower comes first: by field, then by name, then by place, the top level before the containers.
    priority: tuple[int, int, int]
    phone_type: str | None = None
    #: It may also mean something else.
    is_vague: bool = False


def meaning_of(name: str, container: str = "") -> Meaning | None:
    """Return what a field's name means, at the top level or in a container; None if it is not in the table."""
    # A field in a container is looked up under its flattened name, so that both forms are handled alike.
    return _MEANINGS.get(normalise(container) + normalise(name))


def is_container(name: str) -> bool:
    """Return whether a field of that name holds fields of the lead."""
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
        for name_rank, name in enumerate(VAGUE_NAMES.get(field, ()), start=len(names)):
            meanings[name] = Meaning(field, (field_rank, name_rank, 0), is_vague=True)
    return meanings


_MEANINGS = _meanings()
