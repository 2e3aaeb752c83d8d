"""The portals' names, and their colours in charts and lists."""

from __future__ import annotations

#: Code and name; the position in this table is the number of the colour.
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
#: From the largest to the rest: the order of the legend, and of a bar from its foot upwards.
SERIES = (*_PORTALS.values(), OTHERS)


def series_of(portal: object) -> int:
    """Return the number of a portal's colour; portals without a name here share one."""
    return list(_PORTALS).index(portal) if isinstance(portal, str) and portal in _PORTALS else len(_PORTALS)


def name_of(portal: object) -> str | None:
    """Return a portal's name, or None if only its code is known."""
    return _PORTALS.get(portal) if isinstance(portal, str) else None
