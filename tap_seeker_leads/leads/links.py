"""The cursor in a page's link: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, urlsplit

from tap_seeker_leads.leads.lenient_json import is_storable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def has_link(links: object) -> bool:
    """Return whether a page's links say in any form that another page follows."""
    return isinstance(links, dict) and bool(links.get("next"))


def linked_cursor(links: object, lead_ids: Sequence[str], asked: str | None) -> str | None:
    """Return the `start` of `links.next`; the rest of the link is ignored, as the token goes only to `api_url`.

    Returns None if there is no link, or its cursor is ambiguous. A raw `+` may stand for itself or for a blank, and a
    link may repeat the `start` that was `asked` for: the reading that is one of the page's leads is used.
    """
    link = links.get("next") if isinstance(links, dict) else None
    # urlsplit would remove control characters, and so change the cursor.
    if not isinstance(link, str) or not is_storable(link) or not {*"\t\n\r"}.isdisjoint(link):
        return None
    try:
        readings = list(_readings(urlsplit(link).query))
    except ValueError:  # not a URL, or not UTF-8
        return None
    for lead_id in reversed(lead_ids):
        if lead_id != asked and any(lead_id in reading for reading in readings):
            return lead_id
    cursors = list(dict.fromkeys(asked if asked in reading else reading[0] for reading in readings))
    if len(cursors) > 1 and asked in cursors:
        cursors.remove(asked)
    is_certain = len(cursors) == 1 and (not lead_ids or all(len({*reading}) == 1 for reading in readings))
    return cursors[0] if is_certain else None


def _readings(query: str) -> Iterator[tuple[str, str]]:
    """Yield each `start` of a query, decoded as in a form and as in a path."""
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if value and unquote_plus(name) == "start":
            yield unquote_plus(value, errors="strict"), unquote(value, errors="strict")
