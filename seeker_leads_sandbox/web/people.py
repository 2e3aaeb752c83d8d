"""Lists of people: the account's leads and POSTed bodies. Values may be of any type, because leads can be any JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox.data.generator import is_erased
from seeker_leads_sandbox.web.markup import Markup, join, tag, text_of
from seeker_leads_sandbox.web.portals import name_of, series_of
from seeker_leads_sandbox.web.times import instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from seeker_leads_sandbox.data.posted import Posted
    from seeker_leads_sandbox.data.store import Lead

_NOTHING = "\N{EN DASH}"
_LONGEST_MESSAGE = 240
_LONGEST_WORD = 80
_MAX_PHONES = 3


def lead_list(leads: Iterable[Lead]) -> Markup:
    """Return the leads that were added or changed last."""
    rows = [_lead_row(lead) for lead in leads]
    if not rows:
        return tag("p", "No lead yet. Press “New lead”, or POST one.", class_="empty")
    return _table(("Ingested", "Person", "Message", "Portal", "Category"), rows)


def posted_list(posted: Iterable[Posted]) -> Markup:
    """Return the latest POSTed bodies, and why some were refused."""
    rows = [_posted_row(each) for each in posted]
    if not rows:
        command = tag("code", "seeker-leads send leads.csv")
        return tag("p", "Nothing yet. Send a file of yours: ", command, class_="empty")
    return _table(("Received", "Person", "Message", "Listing", "Outcome"), rows)


def _table(heading: tuple[str, ...], rows: list[Markup]) -> Markup:
    # The explicit table roles are needed because the style that shows rows as cards would remove them.
    head = tag("tr", [tag("th", name, scope="col", role="columnheader") for name in heading], role="row")
    parts = tag("thead", head, role="rowgroup"), tag("tbody", rows, role="rowgroup")
    return tag("table", parts, class_="people", role="table")


def _row(key: object, cells: Iterable[tuple[str, object]]) -> Markup:
    return tag("tr", [tag("td", cell, class_=name, role="cell") for name, cell in cells], role="row", data_key=key)


def _lead_row(lead: Lead) -> Markup:
    metadata, contact = _object(lead.get("metadata")), _object(lead.get("contactRequest"))
    was_erased = is_erased(lead)
    person = tag("span", "Erased, as the person asked", class_="quiet") if was_erased else _person(contact)
    call = _object(lead.get("callDetails"))
    message = contact.get("message")
    listing = _object(lead.get("property")).get("classifiedId")
    return _row(
        # An erased lead counts as a new row, so that the page highlights it.
        f"{text_of(metadata.get('leadId'))}{'-erased' if was_erased else ''}",
        (
            ("when", instant(metadata.get("ingestionDate"))),
            ("who", person),
            (
                "said",
                join(
                    _message(message), _small(listing), _small(call.get("status") and f"Call: {_word(call['status'])}")
                ),
            ),
            ("where", _portal(metadata.get("portal"))),
            ("what", _category(metadata, was_erased=was_erased)),
        ),
    )


def _posted_row(posted: Posted) -> Markup:
    body = _object(posted.body)
    if posted.problems:
        reasons = [
            tag("li", tag("b", text_of(wrong.name, _LONGEST_WORD)), " ", wrong.reason) for wrong in posted.problems
        ]
        outcome: object = tag("span", "Refused", class_="badge bad"), tag("ul", reasons, class_="reasons")
    else:
        outcome = tag("span", "Became a lead", class_="badge good")
    return _row(
        f"{posted.at}-{id(posted.body)}",
        (
            ("when", instant(posted.at)),
            ("who", _person(body)),
            ("said", _message(body.get("message"))),
            ("where", tag("code", _word(body.get("classifiedId")) or _NOTHING)),
            ("what", outcome),
        ),
    )


def _person(contact: dict[str, Any]) -> Markup:
    name = " ".join(filter(None, (_word(contact.get("firstName")), _word(contact.get("lastName")))))
    phones = contact.get("phoneNumbers")
    numbers = [_word(_object(phone).get("number")) for phone in phones] if isinstance(phones, list) else [_word(phones)]
    shown = [*filter(None, numbers)]
    return join(
        tag("span", name or "No name", class_="name" if name else "quiet"),
        _small(contact.get("email")),
        [_small(number) for number in shown[:_MAX_PHONES]],
        _small(f"and {len(shown) - _MAX_PHONES} more" if len(shown) > _MAX_PHONES else None),
    )


def _message(value: object) -> Markup | None:
    text = text_of(value, _LONGEST_MESSAGE)
    return tag("span", text, class_="message") if text else None


def _portal(code: object) -> Markup:
    swatch = tag("span", class_=f"swatch portal-{series_of(code)}")
    name = name_of(code)
    return join(swatch, name or _word(code) or _NOTHING, _small(code) if name else None)


def _category(metadata: dict[str, Any], *, was_erased: bool) -> Markup:
    category = _word(metadata.get("leadCategory")).replace("_", " ").capitalize() or _NOTHING
    intention = _word(metadata.get("seekerIntention")).replace("_", " ").lower()
    badge = tag("span", "Erased", class_="badge bad") if was_erased else None
    return join(badge, tag("span", category, class_="badge"), _small(intention))


def _small(value: object) -> Markup | None:
    text = _word(value)
    return tag("span", text, class_="small") if text else None


def _word(value: object) -> str:
    return text_of(value, _LONGEST_WORD)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
