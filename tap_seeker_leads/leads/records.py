"""Turns the API's leads into the tap's records: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tap_seeker_leads.leads.erasure import is_erased, is_erased_by_the_contract
from tap_seeker_leads.leads.lead_types import part_type
from tap_seeker_leads.leads.schema import INSTANTS, METADATA_FIELDS, PARTS, leads_schema
from tap_seeker_leads.leads.timestamps import to_rfc3339

if TYPE_CHECKING:
    from seeker_leads_api.contract import JsonSchema

_PART_NAMES = frozenset({"metadata", *PARTS})
_METADATA_NAMES = frozenset(METADATA_FIELDS)


class Lead(msgspec.Struct, frozen=True, gc=False):
    """A record, with its ingestion second for the seams; the second is None if the API gave no usable date."""

    lead_id: str
    second: int | None
    record: dict[str, Any]  #: may hold msgspec's objects, which `to_builtins` turns into plain ones


def lead_by_the_contract(item: Any) -> Lead:  # noqa: ANN401  # a type that exists at run time only
    """Return the record of an item from `page_decoder`, which holds nothing unknown and no wrong type."""
    metadata = item.metadata
    second, ttl = metadata.ingestionDate, metadata.TTL
    record = {
        "leadId": metadata.leadId,
        "ingestionDate": None if second is None else to_rfc3339(second),
        "portal": metadata.portal,
        "ttl": None if ttl is None else to_rfc3339(ttl),
        "leadCategory": metadata.leadCategory,
        "seekerIntention": metadata.seekerIntention,
        "contactRequest": item.contactRequest,
        "property": item.property,
        "project": item.project,
        "distributionType": item.distributionType,
        "callDetails": item.callDetails,
        "isErased": is_erased_by_the_contract(item),
        "extra": None,
    }
    return Lead(metadata.leadId, second, record)


def lead_with_unknown_fields(known: Any, item: dict[str, Any]) -> Lead:  # noqa: ANN401  # as above
    """Return the record of an item with unknown fields; `known` is the item converted to `items_type`."""
    lead = lead_by_the_contract(known)
    parts = {name: item.get(name) for name in PARTS}
    return Lead(lead.lead_id, lead.second, {**lead.record, **parts, "extra": _unknown(item, item["metadata"]) or None})


def to_lead(item: Any) -> Lead | None:  # noqa: ANN401  # any JSON
    """Return the record of one of the API's items, or None for an item without a `leadId`, which is not a lead.

    The record always matches the stream's schema. Fields that are not in the contract go into `extra`. So does each
    value whose type differs from the contract, by its own path, with null in its place: one wrong value must neither
    stop a loader, nor be lost, nor remove values that are right.
    """
    lead_id = lead_id_of(item)
    if lead_id is None:
        return None
    metadata = item["metadata"]
    properties = leads_schema()["properties"]
    record: dict[str, Any] = {}
    extra = _unknown(item, metadata)
    extra_metadata = extra.pop("metadata", {})
    for name, record_name in METADATA_FIELDS.items():
        value = metadata.get(name)
        convert = _instant if name in INSTANTS else _fitting
        record[record_name], misfit = convert(value, properties[record_name])
        if misfit is not None:
            extra_metadata[name] = misfit
    record["leadId"] = lead_id
    for name in PARTS:
        value = item.get(name)
        try:
            # A part almost always matches the contract, and msgspec checks that faster than Python can.
            msgspec.convert(value, part_type(name))
            record[name] = value
        except msgspec.ValidationError:
            record[name], misfit = _fitting(value, properties[name])
            if misfit is not None:
                extra[name] = misfit
    record["isErased"] = "contactRequest" not in extra and is_erased(item)
    if extra_metadata:
        extra["metadata"] = extra_metadata
    record["extra"] = extra or None
    has_date = record["ingestionDate"] is not None
    return Lead(lead_id, int(metadata["ingestionDate"]) if has_date else None, record)


def _unknown(item: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """Return the item's fields that are not in the contract; those of its `metadata` are under `metadata`."""
    extra = {name: value for name, value in item.items() if name not in _PART_NAMES}
    extra_metadata = {name: value for name, value in metadata.items() if name not in _METADATA_NAMES}
    return extra | {"metadata": extra_metadata} if extra_metadata else extra


def lead_id_of(item: object) -> str | None:
    """Return the `leadId` of one of the API's items, or None if it has none that can be a key."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    lead_id = metadata.get("leadId") if isinstance(metadata, dict) else None
    if isinstance(lead_id, int) and not isinstance(lead_id, bool):
        return str(lead_id)
    return lead_id if isinstance(lead_id, str) and lead_id else None


def _instant(value: object, _: JsonSchema) -> tuple[str | None, object]:
    if value is None:
        return None, None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None, value
    try:
        return to_rfc3339(int(value)), None
    except (ValueError, OverflowError):
        return None, value


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}


def _fitting(value: Any, schema: JsonSchema) -> tuple[Any, Any]:  # noqa: ANN401  # any JSON
    """Return the value with null in place of each part of a wrong type, and those parts alone, by the same path.

    The second is None if the whole value fits. In its lists, null stands for the elements that fit.
    """
    if value is None:
        return None, None
    kind = schema["type"][0]
    is_of_kind = isinstance(value, _PYTHON_TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not is_of_kind:
        return None, value
    if kind == "object":
        known = schema.get("properties", {})
        fields = {name: _fitting(value[name], known[name]) for name in value if name in known}
        misfits = {name: misfit for name, (_, misfit) in fields.items() if misfit is not None}
        return (value | {name: fields[name][0] for name in misfits}, misfits) if misfits else (value, None)
    if kind == "array":
        elements = [_fitting(element, schema["items"]) for element in value]
        if any(misfit is not None for _, misfit in elements):
            return [fitted for fitted, _ in elements], [misfit for _, misfit in elements]
    return value, None
