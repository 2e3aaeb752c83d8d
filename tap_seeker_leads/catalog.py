"""The catalog that a run is given: it selects what the tap emits, and redefines nothing.

The tap defines keys, replication key and types. A catalog that was edited, or written by an earlier version, is read if
it can mean only one thing, and refused otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from seeker_leads_api.errors import SettingsError
from tap_seeker_leads.leads.schema import REPLICATION_KEY, STREAM, key_properties, leads_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seeker_leads_api.contract import JsonSchema

    Breadcrumb: TypeAlias = tuple[str, ...]

CURE = "make a new one with `tap-seeker-leads --discover > catalog.json`"
_METHODS = (None, "", "INCREMENTAL", "FULL_TABLE")


class _Metadata(msgspec.Struct):
    breadcrumb: tuple[str, ...]
    metadata: dict[str, Any]


class _Entry(msgspec.Struct):
    """The parts of a stream's entry that the tap uses."""

    schema: dict[str, Any]
    metadata: list[_Metadata] = []
    stream: str | None = None
    key_properties: list[str] | None = None
    replication_key: str | None = None
    replication_method: str | None = None


def own_catalog(catalog: Mapping[str, Any], *, has_accounts: bool = False) -> dict[str, Any]:
    """Return a catalog of this stream only: the tap's own definition, with the given catalog's selection.

    With many accounts, the definition has one more column and one more key. A field that the catalog's schema leaves
    out is deselected.

    Raises:
        SettingsError: the catalog lacks the stream, or asks for something that the tap does not support.
    """
    streams = catalog.get("streams")
    listed = streams if isinstance(streams, list) else []
    entries = [entry for entry in listed if isinstance(entry, dict) and entry.get("tap_stream_id") == STREAM]
    if not entries:
        msg = f"The catalog has no stream with the `tap_stream_id` `{STREAM}`: {CURE}"
        raise SettingsError(msg)
    try:
        if len(entries) > 1:
            msg = f"it has {len(entries)} entries"
            raise ValueError(msg)  # noqa: TRY301  # the handler below words the error
        entry = msgspec.convert(entries[0], _Entry)
        return {"streams": [_own_entry(entry, has_accounts=has_accounts)]}
    except (ValueError, msgspec.ValidationError) as error:
        problem = str(error)
    except RecursionError:
        problem = "nested too deep"
    msg = f"The catalog's stream `{STREAM}` does not fit ({problem}): {CURE}"
    raise SettingsError(msg)


def _own_entry(entry: _Entry, *, has_accounts: bool) -> dict[str, Any]:
    metadata = {each.breadcrumb: each.metadata for each in entry.metadata}
    keys = key_properties(has_accounts=has_accounts)
    method = _definition(entry, metadata, keys)
    schema = leads_schema(has_accounts=has_accounts)
    left_out = set(_left_out(schema, entry.schema, ()))
    if missing := [key for key in keys if ("properties", key) in left_out]:
        msg = f"Object missing required field `{missing[0]}` - at `$.schema.properties`"
        raise ValueError(msg)
    known = {(), *_fields(schema, ())}
    if unknown := [name for name in metadata if name not in known and not _may_be_new(name, schema)]:
        msg = f"its metadata names `{'.'.join(unknown[0][1::2]) or '.'.join(unknown[0])}`, which is not a field"
        raise ValueError(msg)
    return {
        "tap_stream_id": STREAM,
        "stream": STREAM,
        "key_properties": keys,
        "replication_key": REPLICATION_KEY,
        "replication_method": method,
        "schema": schema,
        "metadata": [
            {
                "breadcrumb": list(name),
                "metadata": _selection(name, metadata.get(name, {}), keys, is_left_out=name in left_out),
            }
            for name in sorted(known | metadata.keys(), key=len)
        ],
    }


def _definition(entry: _Entry, metadata: Mapping[Breadcrumb, Mapping[str, Any]], keys: list[str]) -> str:
    """Return the replication method.

    Raises:
        ValueError: the catalog redefines the keys or the replication.
    """
    root = metadata.get((), {})
    methods = [entry.replication_method, root.get("forced-replication-method")]
    fixed: list[tuple[str, object, tuple[object, ...]]] = [
        ("stream", entry.stream, (None, STREAM)),
        ("key_properties", entry.key_properties, (None, [], keys)),
        ("table-key-properties", root.get("table-key-properties"), (None, [], keys)),
        ("replication_key", entry.replication_key, (None, "", REPLICATION_KEY)),
        ("replication-key", root.get("replication-key"), (None, "", REPLICATION_KEY)),
        *(("replication method", method, _METHODS) for method in methods),
    ]
    for name, value, allowed in fixed:
        if (list(value) if isinstance(value, tuple) else value) not in allowed:
            msg = f"this tap does not support its {name}: use {allowed[-1]}"
            raise ValueError(msg)
    return next((method for method in methods if method), "INCREMENTAL")


def _left_out(own: JsonSchema, schema: object, path: Breadcrumb) -> Iterator[Breadcrumb]:
    """Yield the fields that a schema leaves out.

    Raises:
        ValueError: a field has a different type, or does not exist.
    """
    where = ".".join(path[1::2]) or "schema"
    if not isinstance(schema, dict):
        msg = f"`{where}` is not a JSON Schema"
        raise ValueError(msg)  # noqa: TRY004  # one exception type for all errors here
    if path and not _is_of_type(schema.get("type"), own["type"]):
        msg = f"the type of `{where}` differs from the tap's schema"
        raise ValueError(msg)
    if not own.get("properties"):
        return
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        msg = f"`{where}` lacks `properties`"
        raise ValueError(msg)  # noqa: TRY004  # as above
    if not path and (unknown := sorted(properties.keys() - own["properties"].keys())):
        msg = f"its properties have `{unknown[0]}`, which is not a field"
        raise ValueError(msg)
    for name, field in own["properties"].items():
        below = (*path, "properties", name)
        if name in properties:
            yield from _left_out(field, properties[name], below)
        else:
            yield below


def _is_of_type(type_: object, own: list[str]) -> bool:
    """Return whether two types are the same apart from null, which a catalog may leave out."""
    kinds = [type_] if isinstance(type_, str) else type_
    return isinstance(kinds, list) and {str(kind) for kind in kinds} - {"null"} == set(own) - {"null"}


def _fields(schema: JsonSchema, path: Breadcrumb) -> Iterator[Breadcrumb]:
    for name, field in schema.get("properties", {}).items():
        yield (*path, "properties", name)
        yield from _fields(field, (*path, "properties", name))


def _may_be_new(name: Breadcrumb, schema: JsonSchema) -> bool:
    """Return whether a breadcrumb names a field that the API may add to an object that the schema leaves open."""
    if len(name) < 4 or set(name[::2]) != {"properties"} or len(name) % 2:  # noqa: PLR2004  # below a column
        return False
    column = schema["properties"].get(name[1])
    return column is not None and bool(column.get("additionalProperties"))


def _selection(name: Breadcrumb, metadata: Mapping[str, Any], keys: list[str], *, is_left_out: bool) -> dict[str, Any]:
    is_key = name in {("properties", key) for key in (*keys, REPLICATION_KEY)}
    selection = {key: metadata[key] for key in ("selected", "selected-by-default") if metadata.get(key) is not None}
    if is_left_out or metadata.get("inclusion") == "unsupported":
        selection["selected"] = False
    if not name:
        selection.setdefault("selected-by-default", True)
    return {"inclusion": "automatic" if is_key else "available", **selection}
