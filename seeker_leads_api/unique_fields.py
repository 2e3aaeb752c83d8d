"""Refuses JSON objects that have a field twice: readers of JSON disagree on which one counts."""

from __future__ import annotations

from typing import Any


class DuplicateFieldError(ValueError):
    """An object has a field twice; `name` is the field."""

    def __init__(self, name: str) -> None:
        super().__init__("an object has a field twice")
        self.name = name


def unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object with these fields: an `object_pairs_hook` of `json`.

    Raises:
        DuplicateFieldError: a field comes twice.
    """
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise DuplicateFieldError(name)
        fields[name] = value
    return fields
