"""The dialects of the API that its documentation leaves open, and few of them that cover the others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from seeker_leads_sandbox import Bounds, EmptyPeriod, Links, Order, PageStatus, SandboxOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The forms of an empty period in the contract; the others have their own tests, which keeps the array short.
KNOWN_EMPTY = (EmptyPeriod.PROBLEM_404, EmptyPeriod.EMPTY_200)
AXES: Mapping[str, Iterable[Any]] = {
    "bounds": Bounds,
    "order": Order,
    "empty": KNOWN_EMPTY,
    "links": Links,
    "page_status": PageStatus,
}


def covering_array(sizes: list[int], strength: int) -> list[tuple[int, ...]]:
    """Return few rows of indexes in which every combination of values of any `strength` columns occurs.

    Row by row, the one of the full product that adds the most combinations is taken: the same rows each time.
    """
    columns = list(itertools.combinations(range(len(sizes)), strength))

    def combinations_in(row: tuple[int, ...]) -> set[tuple[tuple[int, ...], tuple[int, ...]]]:
        return {(chosen, tuple(row[column] for column in chosen)) for chosen in columns}

    rest = {row: combinations_in(row) for row in itertools.product(*map(range, sizes))}
    missing = set().union(*rest.values())
    rows: list[tuple[int, ...]] = []
    while missing:
        best = max(rest, key=lambda row: len(rest[row] & missing))
        missing -= rest.pop(best)
        rows.append(best)
    return rows


def covering_dialects(strength: int) -> list[SandboxOptions]:
    """Return dialects, without a limit, in which each combination of values of any `strength` axes occurs."""
    values = [list(axis) for axis in AXES.values()]
    rows = covering_array([len(axis) for axis in values], strength)
    dialects = [dict(zip(AXES, map(list.__getitem__, values, row), strict=True)) for row in rows]
    return [SandboxOptions(enforce_limit=False, **dialect) for dialect in dialects]


def name(options: SandboxOptions) -> str:
    """Return the dialect's values, as a test's name."""
    return "-".join(getattr(options, axis).value for axis in AXES)
