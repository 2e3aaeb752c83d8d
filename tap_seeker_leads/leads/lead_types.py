"""The stream's schema as msgspec types: msgspec decodes and checks in C what Python would check field by field."""

from __future__ import annotations

from functools import cache
from types import GenericAlias
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_seeker_leads.leads.schema import INSTANTS, METADATA_FIELDS, PARTS, leads_schema
from tap_seeker_leads.leads.timestamps import LATEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seeker_leads_api.contract import JsonSchema

_SCALARS: dict[str, Any] = {"string": str, "boolean": bool, "integer": int, "number": int | float}


@cache
def page_decoder() -> msgspec.json.Decoder[Any]:
    """Return a decoder that accepts only pages whose every field is in the contract.

    A part or `metadata` field that an item lacks becomes null; within the parts, a missing field stays missing.
    """
    page = msgspec.defstruct(
        "Page",
        [("items", GenericAlias(list, (_item_type(is_strict=True),))), ("links", Any, None), ("metadata", Any, None)],
    )
    return msgspec.json.Decoder(page)


@cache
def items_type() -> Any:  # noqa: ANN401  # a type that exists at run time only
    """Return the type of a page's items whose known fields match the contract; unknown fields may be anything."""
    return GenericAlias(list, (_item_type(is_strict=False),))


def _item_type(*, is_strict: bool) -> Any:  # noqa: ANN401  # as above
    properties = leads_schema()["properties"]
    instant = Annotated[int, msgspec.Meta(ge=0, le=LATEST)] | None
    metadata = [
        (name, instant if name in INSTANTS else _type_of(properties[record_name]), None)
        for name, record_name in METADATA_FIELDS.items()
        if name != "leadId"
    ]
    lead_id = Annotated[str, msgspec.Meta(min_length=1)]
    metadata_type = _struct("Metadata", [("leadId", lead_id), *metadata], is_strict=is_strict)
    parts = [(name, _type_of(properties[name], is_strict=is_strict), None) for name in PARTS]
    return _struct("Item", [("metadata", metadata_type), *parts], is_strict=is_strict)


@cache
def part_type(name: str) -> Any:  # noqa: ANN401  # a type that exists at run time only
    """Return the type of a part of a lead whose known fields match the contract; unknown fields may be anything."""
    return _type_of(leads_schema()["properties"][name])


def _type_of(schema: JsonSchema, *, is_strict: bool = False) -> Any:  # noqa: ANN401  # as above
    kind = schema["type"][0]
    if kind == "array":
        return GenericAlias(list, (_type_of(schema["items"], is_strict=is_strict),)) | None
    if kind != "object":
        return _SCALARS[kind] | None
    if "properties" not in schema:
        return dict[str, Any] | None
    fields = [
        (name, _type_of(field, is_strict=is_strict) | msgspec.UnsetType, msgspec.UNSET)
        for name, field in schema["properties"].items()
    ]
    return _struct("Part", fields, is_strict=is_strict) | None


def _struct(name: str, fields: Sequence[tuple[str, Any] | tuple[str, Any, Any]], *, is_strict: bool = True) -> Any:  # noqa: ANN401  # as above
    return msgspec.defstruct(name, fields, gc=False, forbid_unknown_fields=is_strict)
