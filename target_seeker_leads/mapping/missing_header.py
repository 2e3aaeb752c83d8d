"""Recognises a source without a header row: the values of its first lead are then the names of its columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: An e-mail address, a phone number, or the ID of a listing.
_VALUE = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+|\+?(?:[ \u00a0\u202f()/.\-]*[0-9]){9,15}|[0-9]{2}[1-9A-NP-Z]{10}")


def is_header_missing(columns: Iterable[str]) -> bool:
    """Return whether the names are a lead. Names of columns are shown and logged; values must not be."""
    return any(map(_VALUE.fullmatch, columns))
