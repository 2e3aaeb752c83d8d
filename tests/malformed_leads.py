"""Leads outside the contract: each text in them names its own path, so that a test can see where it went."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tap_seeker_leads.leads.schema import METADATA_FIELDS, PARTS, leads_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA = leads_schema()["properties"]
FITS: dict[str, Any] = {"boolean": True, "integer": 7, "number": 1.5}


def mark(path: tuple[str, ...]) -> str:
    """Return the text for a path; no path's text is part of another's."""
    return f"<{'.'.join(path)}>"


def marks_within(path: tuple[str, ...], text: str) -> list[str]:
    """Return the marks of a path, and of the paths within it, that a text contains."""
    inner = mark(path)[:-1]
    return [found for found in (f"{inner}>", f"{inner}.") if found in text]


@st.composite
def values(draw: st.DrawFn, path: tuple[str, ...], schema: dict[str, Any]) -> Any:
    """A value for one path: as in the schema, with additional fields, or of another type."""
    kind = schema["type"][0]
    text = mark(path)
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([text, [text], {"x": text}, [[{"y": text}], None], None, 5]))
    if kind == "array":
        return [draw(values(path, schema["items"])) for _ in range(draw(st.integers(0, 2)))]
    if kind != "object":
        return FITS.get(kind, text)
    known = schema.get("properties", {})
    names = draw(st.sets(st.sampled_from([*known, "new"])))
    new = {"new": draw(st.sampled_from([mark((*path, "new")), {"z": mark((*path, "new"))}]))}
    return {name: draw(values((*path, name), known[name])) if name in known else new[name] for name in sorted(names)}


@st.composite
def malformed_leads(draw: st.DrawFn) -> dict[str, Any]:
    """One of the API's items, malformed and extended in any way."""
    columns = [name for name in METADATA_FIELDS if name not in {"leadId", "ingestionDate"}]
    metadata: dict[str, Any] = {"leadId": "lead-1", "ingestionDate": 1_795_420_800}
    for name in draw(st.sets(st.sampled_from([*columns, "new"]))):
        path = (METADATA_FIELDS.get(name, name),)
        odd = [{"x": mark(path)}, mark(path)] if name != "new" else [mark(("metadata", "new"))]
        metadata[name] = draw(st.sampled_from(odd))
    parts = {name: draw(values((name,), SCHEMA[name])) for name in sorted(draw(st.sets(st.sampled_from(PARTS))))}
    return {"metadata": metadata, **parts} | draw(st.sampled_from([{}, {"new": mark(("new",))}]))


def marks_of(item: Any) -> set[str]:
    """Return every mark in an item."""
    return {text for text in _texts(item) if text.startswith("<")}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)


def written(value: Any) -> str:
    """Return all text in a value."""
    return json.dumps(value, ensure_ascii=False)
