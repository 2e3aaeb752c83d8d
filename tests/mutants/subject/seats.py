"""A module to be mutated, small enough that all of its mutants are known."""

from __future__ import annotations


def is_free(taken: int, most: int) -> bool:
    """Return whether there is a seat left."""
    return taken < most
