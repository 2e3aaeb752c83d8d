"""From the API's lead to the tap's record: pure."""

from __future__ import annotations

from functools import cache
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_seeker_leads.instants import LATEST, to_rfc3339
from tap_seeker_leads.schema import INSTANTS, METADATA_FIELDS, PARTS, leads_schema

if TYPE_CHECKING:
    from seeker_leads_api.contract import JsonSchema

_PART_NAMES = frozenset({"metadata", *PARTS})
_METADATA_NAMES = frozenset(METADATA_FIELDS)


class Lead(msgspec.Struct, frozen=True, gc=False):
    """A record, with its ingestion second for the seams; None where the API gave no usable date."""

    lead_id: str
    second: int | None
    record: dict[str, Any]


def to_leads(items: list[Any]) -> list[Lead]:
    """Return the records of a page; items that are no leads are left out, as `to_lead` says."""
    try:
        # As good as always every item is as the contract says, which msgspec finds out faster than Python can.
        msgspec.convert(items, _page_type())
    except msgspec.ValidationError:
        return [lead for item in items if (lead := to_lead(item)) is not None]
    return [_lead_by_the_contract(item) for item in items]


def _lead_by_the_contract(item: dict[str, Any]) -> Lead:
    """Do what `to_lead` does, for an item whose types are known to be right."""
    metadata = item["metadata"]
    second, ttl = metadata.get("ingestionDate"), metadata.get("TTL")
    extra = None
    if not (item.keys() <= _PART_NAMES and metadata.keys() <= _METADATA_NAMES):
        extra = _unknown(item, metadata)
    record = {
        "leadId": metadata["leadId"],
        "ingestionDate": None if second is None else to_rfc3339(second),
        "portal": metadata.get("portal"),
        "ttl": None if ttl is None else to_rfc3339(ttl),
        "leadCategory": metadata.get("leadCategory"),
        "seekerIntention": metadata.get("seekerIntention"),
        "contactRequest": item.get("contactRequest"),
        "property": item.get("property"),
        "project": item.get("project"),
        "distributionType": item.get("distributionType"),
        "callDetails": item.get("callDetails"),
        "extra": extra,
    }
    return Lead(metadata["leadId"], second, record)


def to_lead(item: Any) -> Lead | None:  # noqa: ANN401  # any JSON
    """Return the record of one of the API's items; None for an item that is no lead, having no `leadId`.

    The record always fits the stream's schema. What the contract does not know goes into `extra`, and so does the
    original of whatever has another type than the contract says, with null in its place: one odd value must neither
    stop a loader nor be lost.
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
        record[record_name], fits = convert(value, properties[record_name])
        if not fits:
            extra_metadata[name] = value
    record["leadId"] = lead_id
    for name in PARTS:
        value = item.get(name)
        record[name], fits = _fitting(value, properties[name])
        if not fits:
            extra[name] = value
    if extra_metadata:
        extra["metadata"] = extra_metadata
    record["extra"] = extra or None
    has_date = record["ingestionDate"] is not None
    return Lead(lead_id, int(metadata["ingestionDate"]) if has_date else None, record)


def _unknown(item: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """Return what the contract does not know: of the item, and under `metadata` of that."""
    extra = {name: value for name, value in item.items() if name not in _PART_NAMES}
    extra_metadata = {name: value for name, value in metadata.items() if name not in _METADATA_NAMES}
    return extra | {"metadata": extra_metadata} if extra_metadata else extra


def lead_id_of(item: object) -> str | None:
    """Return the `leadId` of one of the API's items, or None where it has none that could be a key."""
    metadata = item.get("metadata") if isinstance(item, dict) else None
    lead_id = metadata.get("leadId") if isinstance(metadata, dict) else None
    if isinstance(lead_id, int) and not isinstance(lead_id, bool):
        return str(lead_id)
    return lead_id if isinstance(lead_id, str) and lead_id else None


def latest_second(items: list[Any], default: int) -> int:
    """Return the latest ingestion date among the API's items that have one."""
    try:
        latest = max([item["metadata"]["ingestionDate"] for item in items])
    except (TypeError, KeyError, ValueError):
        latest = None
    if isinstance(latest, int):
        return latest
    # Something in it is no lead or has no such date: then each item needs a look of its own.
    return max([lead.second for lead in to_leads(items) if lead.second is not None], default=default)


def _instant(value: object, _: JsonSchema) -> tuple[str | None, bool]:
    if value is None:
        return None, True
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None, False
    try:
        return to_rfc3339(int(value)), True
    except (ValueError, OverflowError):
        return None, False


_PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
}


def _fitting(value: Any, schema: JsonSchema) -> tuple[Any, bool]:  # noqa: ANN401  # any JSON
    """Return the value with null for whatever has the wrong type, and whether all of it fitted."""
    if value is None:
        return None, True
    kind = schema["type"][0]
    is_of_kind = isinstance(value, _PYTHON_TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not is_of_kind:
        return None, False
    fields: dict[Any, tuple[Any, bool]]
    if kind == "object":
        known = schema["properties"]
        fields = {name: _fitting(value[name], known[name]) for name in value if name in known}
    elif kind == "array":
        fields = {index: _fitting(element, schema["items"]) for index, element in enumerate(value)}
    else:
        return value, True
    misfits = {key: fitted for key, (fitted, fits) in fields.items() if not fits}
    if not misfits:
        return value, True
    copy = value.copy()
    for key, fitted in misfits.items():
        copy[key] = fitted
    return copy, False


@cache
def _page_type() -> Any:  # noqa: ANN401  # a type that exists at run time only
    """Return the type of a list of items that need no care, built from the stream's schema."""
    properties = leads_schema()["properties"]
    instant = Annotated[int, msgspec.Meta(ge=0, le=LATEST)] | None
    fields = [
        (name, instant if name in INSTANTS else _type_of(properties[record_name]), None)
        for name, record_name in METADATA_FIELDS.items()
        if name != "leadId"
    ]
    lead_id = Annotated[str, msgspec.Meta(min_length=1)]
    metadata = msgspec.defstruct("Metadata", [("leadId", lead_id), *fields], gc=False)
    parts = [(name, _type_of(properties[name]), None) for name in PARTS]
    item = msgspec.defstruct("Item", [("metadata", metadata), *parts], gc=False)
    return GenericAlias(list, (item,))


def _type_of(schema: JsonSchema) -> Any:  # noqa: ANN401  # as above
    kind = schema["type"][0]
    if kind == "array":
        return GenericAlias(list, (_type_of(schema["items"]),)) | None
    if kind == "object":
        fields = [(name, _type_of(field), None) for name, field in schema["properties"].items()]
        return msgspec.defstruct("Part", fields, gc=False) | None
    return _MSGSPEC_TYPES[kind] | None


_MSGSPEC_TYPES: dict[str, type] = {"string": str, "boolean": bool, "integer": int, "number": float}
