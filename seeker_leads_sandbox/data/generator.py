"""Realistic French leads of all categories; the same seed and calls give the same leads."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from seeker_leads_api import contract
from seeker_leads_sandbox.data.name_pools import Pools, draw_pools, mail_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from seeker_leads_sandbox.data.store import Lead

LEAD_LIFE_SECONDS = contract.LEAD_LIFE_DAYS * 24 * 60 * 60
ERASED_SHARE = 0.005
ERASED_CONTACT: dict[str, Any] = {
    "firstName": None,
    "lastName": None,
    "gender": None,
    "email": None,
    "language": None,
    "phoneNumbers": [],
    "message": None,
    "isOwner": None,
}

# A value is repeated in a table according to its probability.
_CATEGORIES = ("CLASSIFIED",) * 12 + ("AGENCY",) * 3 + ("PROPERTY_SEARCH",) * 3 + ("CALL_TRACKING",) * 2
_PORTALS = ("SLG-FRA",) * 9 + ("LIM-FRA",) * 5 + ("MAG-FRA",) * 2 + ("BDS-FRA", "LUX-FRA", "SLN-FRA", "IWB-BEL")
_INTENTIONS = ("SELL", "SELL", "BUY", "RENT", "MANAGE", "ASK_A_QUESTION")
_LANGUAGES = ("FR",) * 18 + ("EN", "NL")
_ESTATE_TYPES = ("APARTMENT", "APARTMENT", "APARTMENT", "HOUSE", "HOUSE", "PLOT", "PARKING", "OFFICE")
_CALL_STATUSES = ("ANSWERED", "ANSWERED", "ANSWERED", "MISSED", "BUSY")
_CLASSIFIED_ID_LETTERS = "123456789ABCDEFGHIJKLMNPQRSTUVWXYZ"
_OPENINGS = (
    "Bonjour, votre annonce m'intéresse et je souhaiterais la visiter.",
    "Bonjour, ce bien est-il toujours disponible ?",
    "Bonjour Madame, Monsieur, pourriez-vous me rappeler en fin de journée ?",
    "Bonjour, je recherche un logement à {city} pour la rentrée.",
    "Bonjour, quel est le montant des charges, s'il vous plaît ?",
    "Bonjour, je souhaite faire estimer mon bien situé à {city}.",
)


class LeadGenerator:
    """Generates leads; Faker is loaded only with the first one."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed)  # noqa: S311  # reproducible on purpose

    def spread(self, count: int, first_second: int, end_second: int) -> Iterator[Lead]:
        """Yield leads with ingestion dates in `first_second` <= date < `end_second`."""
        rng = self._rng
        return self.at(rng.randrange(first_second, end_second) for _ in range(count))

    def at(self, ingestion_dates: Iterable[int]) -> Iterator[Lead]:
        """Yield one lead for each ingestion date (Unix seconds)."""
        pools = draw_pools(self._seed)
        for ingestion_date in ingestion_dates:
            yield self._lead(ingestion_date, pools)

    def lead_id(self) -> str:
        """Return a new id in the form of a UUID."""
        text = f"{self._rng.getrandbits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def _lead(self, ingestion_date: int, pools: Pools) -> Lead:
        rng = self._rng
        category = rng.choice(_CATEGORIES)
        metadata: dict[str, Any] = {
            "leadId": self.lead_id(),
            "ingestionDate": ingestion_date,
            "portal": rng.choice(_PORTALS),
            "TTL": ingestion_date + LEAD_LIFE_SECONDS,
            "leadCategory": category,
        }
        lead: Lead = {"metadata": metadata, "contactRequest": self._contact(pools)}
        if category == "AGENCY":
            metadata["seekerIntention"] = rng.choice(_INTENTIONS)
        elif category == "PROPERTY_SEARCH":
            lead.update(self._search(pools))
        else:
            lead["property"] = self._listing(ingestion_date)
        if category == "CALL_TRACKING":
            is_voice_mail = rng.random() < 0.2  # noqa: PLR2004  # one call in five
            lead["callDetails"] = {
                "seekerPhoneNumber": rng.choice(pools.mobile_numbers),
                "isVoiceMail": is_voice_mail,
                "duration": rng.randrange(5, 600),
                "status": "ANSWERED" if is_voice_mail else rng.choice(_CALL_STATUSES),
            }
        if rng.random() < ERASED_SHARE:
            erase(lead)
        return lead

    def _contact(self, pools: Pools) -> dict[str, Any]:
        rng = self._rng
        first_name, gender = rng.choice(pools.first_names)
        last_name = rng.choice(pools.last_names)
        domain = rng.choice(pools.mail_domains)
        opening = rng.choice(_OPENINGS).format(city=rng.choice(pools.places)[0])
        phones = [{"type": "MOBILE", "number": rng.choice(pools.mobile_numbers), "verified": rng.random() < 0.5}]  # noqa: PLR2004  # a coin
        if rng.random() < 0.15:  # noqa: PLR2004  # some have two telephones
            phones.append({"type": "LANDLINE", "number": rng.choice(pools.landline_numbers), "verified": False})
        contact: dict[str, Any] = {
            "firstName": first_name,
            "lastName": last_name,
            "gender": gender,
            "email": f"{mail_name(first_name)}.{mail_name(last_name)}{rng.randrange(1, 1000)}@{domain}",
            "language": rng.choice(_LANGUAGES),
            "phoneNumbers": phones,
            "message": f"{opening} {rng.choice(pools.sentences)}",
        }
        is_owner = rng.choice((True, False, None))
        if is_owner is not None:  # the API omits it if the seeker was not asked
            contact["isOwner"] = is_owner
        return contact

    def _listing(self, ingestion_date: int) -> dict[str, Any]:
        rng = self._rng
        year = 70 + ingestion_date // 31_557_600
        reference = rng.randrange(1000, 99999)
        listing: dict[str, Any] = {
            "classifiedId": f"{year % 100:02d}{''.join(rng.choices(_CLASSIFIED_ID_LETTERS, k=10))}",
            "offererEstateId": f"REF-{reference}",
            "offererMarketingKey": f"MK{reference:06d}",
        }
        if reference % 10 == 0:
            listing["projectId"] = f"P{reference}"
            listing["projectOffererEstateId"] = None
            listing["projectOffererMarketingKey"] = None
        return listing

    def _search(self, pools: Pools) -> dict[str, Any]:
        rng = self._rng
        rooms = rng.randrange(1, 6)
        space = rng.randrange(20, 150, 5)
        amount = rng.randrange(80_000, 900_000, 5_000)
        city, postal_code = rng.choice(pools.places)
        return {
            "property": {
                "estateType": [rng.choice(_ESTATE_TYPES)],
                "rooms": {"numberOfRoomsMin": rooms, "numberOfRoomsMax": rooms + 2},
                "spaces": {"spaceMin": space, "spaceMax": space + 40},
                "budget": {"amountMin": amount, "amountMax": amount + 100_000},
                "geo": {"city": city, "postalCodes": [postal_code], "departments": [postal_code[:2]]},
            },
            "project": {"commercial": None, "build": {"type": "EXISTING"}},
            "distributionType": [rng.choice(("BUYER", "TENANT", "SELLER", "LANDLORD"))],
        }


def erase(lead: Lead, *, call_details: bool = True) -> None:
    """Remove the person from a lead, as the API does on request (GDPR).

    Whether a call's phone number is erased too is an open question; `call_details` decides.
    """
    lead["contactRequest"] = {**ERASED_CONTACT, "phoneNumbers": []}
    if call_details and "callDetails" in lead:
        lead["callDetails"] = {**lead["callDetails"], "seekerPhoneNumber": None}


def is_erased(lead: Lead) -> bool:
    """Return whether the person has been erased."""
    return bool(lead.get("contactRequest") == ERASED_CONTACT)


def created_lead(request: dict[str, Any], lead_id: str, now: int) -> Lead:
    """Return the lead created by a POSTed request."""
    phones = [
        {"type": phone.get("type", "MOBILE"), "number": phone["number"], "verified": False}
        for phone in request["phoneNumbers"]
    ]
    contact = {key: request[key] for key in ("firstName", "lastName", "gender", "email", "message") if key in request}
    return {
        "metadata": {
            "leadId": lead_id,
            "ingestionDate": now,
            "portal": "SLG-FRA",
            "TTL": now + LEAD_LIFE_SECONDS,
            "leadCategory": "CLASSIFIED",
        },
        "contactRequest": {**contact, "language": request.get("language", "FR"), "phoneNumbers": phones},
        "property": {"classifiedId": request["classifiedId"]},
    }
