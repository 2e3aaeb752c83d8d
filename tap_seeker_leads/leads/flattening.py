"""Moves fields without a column into `extra` when objects are flattened into columns: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_seeker_leads.leads.schema import PARTS, leads_schema

if TYPE_CHECKING:
    from seeker_leads_api.contract import JsonSchema
    from tap_seeker_leads.leads.selection import Path


def with_unknown_in_extra(record: dict[str, Any], depth: int, off: frozenset[Path]) -> dict[str, Any]:
    """Return a record whose parts hold only known fields, `depth` levels down; `extra` holds the others by their path.

    Unknown fields of a part that is switched off are dropped, and all unknown fields if the record has no `extra`.
    """
    properties = leads_schema()["properties"]
    parts, unknown = _split({name: record[name] for name in PARTS if name in record}, {"properties": properties}, depth)
    kept = {name: fields for name, fields in unknown.items() if (name,) not in off}
    extra = {"extra": _merged(record["extra"] or {}, kept)} if kept and "extra" in record else {}
    return record | parts | extra


def _split(value: dict[str, Any], schema: JsonSchema, depth: int) -> tuple[dict[str, Any], dict[str, Any]]:
    known: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, field in value.items():
        field_schema = schema["properties"].get(name)
        if field_schema is None:
            unknown[name] = field
        elif depth and isinstance(field, dict) and "properties" in field_schema:
            known[name], others = _split(field, field_schema, depth - 1)
            if others:
                unknown[name] = others
        else:
            known[name] = field
    return known, unknown


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Merge two trees. They overlap only in objects, since a value of a wrong type has no fields."""
    result = dict(one)
    for name, value in other.items():
        result[name] = _merged(one[name], value) if isinstance(one.get(name), dict) else value
    return result
