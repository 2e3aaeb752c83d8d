"""Finds the source columns that expressions of `stream_maps` read, so that messages can name them."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: The SDK's keys in a stream's map that are not properties.
_FILTER = "__filter__"
_SOURCE = "__source__"


def columns_behind(stream_maps: Mapping[str, Any] | None, stream: str) -> dict[str, frozenset[str]]:
    """Return, for each property that stream maps give a stream, the names that its expression may read.

    The filter's names are under `__filter__`. A name may also be something other than a column, such as a function.
    """
    behind: dict[str, frozenset[str]] = {}
    for name, definition in (stream_maps or {}).items():
        if isinstance(definition, dict) and fnmatch(stream, str(definition.get(_SOURCE, name))):
            for key, expression in definition.items():
                if isinstance(expression, str) and (key == _FILTER or not key.startswith("__")):
                    behind[key] = frozenset(_names(key, expression)) | behind.get(key, frozenset())
    return behind


def _names(key: str, expression: str) -> Iterator[str]:
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return  # the SDK reports it
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield key if node.id == "self" else node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value  # as in `record['Nom de famille']`
