"""The portals as people call them, and the colour that each has in charts and lists."""

from __future__ import annotations

#: Code, name; the place in this table is the number of the colour.
_PORTALS = {
    "SLG-FRA": "SeLoger",
    "LIM-FRA": "Logic-Immo",
    "MAG-FRA": "Meilleurs Agents",
    "BDS-FRA": "Belles Demeures",
    "LUX-FRA": "Luxe Résidence",
    "SLN-FRA": "SeLoger Neuf",
    "IWB-BEL": "Immoweb",
}
OTHERS = "Others"
#: From the largest to the rest: the order of a bar, from its foot, and of the key.
SERIES = (*_PORTALS.values(), OTHERS)


def series_of(portal: object) -> int:
    """Return the number of a portal's colour; those without a name here share one."""
    return list(_PORTALS).index(portal) if isinstance(portal, str) and portal in _PORTALS else len(_PORTALS)


def name_of(portal: object) -> str | None:
    """Return the name of a portal, or None where only its code is known."""
    return _PORTALS.get(portal) if isinstance(portal, str) else None
