"""Removes what the user switched off from a record, `extra` included: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from tap_seeker_leads.leads.schema import METADATA_FIELDS, PARTS, PERSONAL_PARTS, leads_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api.contract import JsonSchema

#: Field names from the record downwards; the elements of a list have the path of the list.
Path: TypeAlias = tuple[str, ...]


def deselected_paths(mask: Mapping[tuple[str, ...], bool]) -> frozenset[Path]:
    """Return the paths that a catalog deselects, from the SDK's mask: `("properties", "contactRequest", …)`."""
    return frozenset(breadcrumb[1::2] for breadcrumb, is_selected in mask.items() if breadcrumb and not is_selected)


def removed_columns(definition: object) -> frozenset[Path]:
    """Return the columns that a stream map removes or replaces; their original values must not be emitted."""
    if not isinstance(definition, dict):
        return frozenset()
    unmapped = None if "__else__" in definition else ...
    columns = leads_schema()["properties"]
    return frozenset((name,) for name in columns if definition.get(name, unmapped) not in (..., name))


def without(record: dict[str, Any], off: frozenset[Path]) -> dict[str, Any]:
    """Return a record without what is switched off inside its parts and in `extra`; the SDK drops whole columns.

    If any field of a personal part is off, unknown fields of that part are removed too: they may hold the same data.
    """
    properties = leads_schema()["properties"]
    result = dict(record)
    for part in PARTS:
        if part in record and any(path[0] == part and len(path) > 1 for path in off):
            result[part] = _selected(record[part], (part,), properties[part], off)
    if isinstance(extra := record.get("extra"), dict):
        kept = {name: _selected_extra(name, value, off) for name, value in extra.items()}
        result["extra"] = {name: value for name, value in kept.items() if value is not None} or None
    return result


def _selected(value: object, path: Path, schema: JsonSchema, off: frozenset[Path]) -> object:
    if isinstance(value, list):
        return [_selected(element, path, schema.get("items", {}), off) for element in value]
    if not isinstance(value, dict):
        return value
    known = schema.get("properties", {})
    keeps_unknown = path[0] not in PERSONAL_PARTS
    return {
        name: _selected(field, (*path, name), known.get(name, {}), off)
        for name, field in value.items()
        if (*path, name) not in off and (keeps_unknown or name in known)
    }


def _selected_extra(name: str, value: Any, off: frozenset[Path]) -> object:  # noqa: ANN401  # any JSON
    """Return what remains of one entry of `extra`, or None if nothing does."""
    if name == "metadata":
        return {field: field_value for field, field_value in value.items() if not _is_off(field, off)} or None
    if _is_off(name, off):
        return None
    return _selected_misfit(value, (name,), leads_schema()["properties"][name], off) if name in PARTS else value


def _is_off(name: str, off: frozenset[Path]) -> bool:
    return (METADATA_FIELDS.get(name, name),) in off or (name,) in off


def _selected_misfit(value: object, path: Path, schema: JsonSchema, off: frozenset[Path]) -> object:
    if path in off:
        return None
    if isinstance(value, dict) and "properties" in schema:
        fields = {
            name: _selected_misfit(field, (*path, name), schema["properties"].get(name, {}), off)
            for name, field in value.items()
        }
        return {name: field for name, field in fields.items() if field is not None} or None
    if isinstance(value, list) and "items" in schema:
        elements = [_selected_misfit(element, path, schema["items"], off) for element in value]
        return elements if any(element is not None for element in elements) else None
    # A value in place of an object may hold the data of its fields; an object or list may hold any data of its part.
    holds_more = isinstance(value, (dict, list)) and path[0] in PERSONAL_PARTS
    scope = path[:1] if holds_more else path
    return None if any(other[: len(scope)] == scope for other in off) else value
