"""The schema of the stream `leads`, derived from the API's contract."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from seeker_leads_api import contract

STREAM = "leads"
PRIMARY_KEY = "leadId"
#: The extra column and key of a run over many accounts: the label of the account that received the lead.
ACCOUNT = "account"
REPLICATION_KEY = "ingestionDate"

#: Fields of `metadata` that are instants in Unix seconds, with their names in records.
INSTANTS = {"ingestionDate": "ingestionDate", "TTL": "ttl"}
#: The fields of `metadata` by their names in the contract, with their names in records.
METADATA_FIELDS = {
    "leadId": "leadId",
    "ingestionDate": "ingestionDate",
    "portal": "portal",
    "TTL": "ttl",
    "leadCategory": "leadCategory",
    "seekerIntention": "seekerIntention",
}
#: The column that says whether the person behind a lead had their data deleted; never null.
IS_ERASED = "isErased"
#: The parts of a lead besides `metadata`, in the order of the record's columns.
PARTS = ("contactRequest", "property", "project", "distributionType", "callDetails")
#: The parts about a person: unknown fields in them may be personal too.
PERSONAL_PARTS = ("contactRequest", "callDetails")
#: Marks in the contract's descriptions that name the source of a statement, such as `[D]`; users do not need them.
_SOURCES = re.compile(r" ?\[[SDF?]\]")


def key_properties(*, has_accounts: bool) -> list[str]:
    """Return the columns that identify a record."""
    return [ACCOUNT, PRIMARY_KEY] if has_accounts else [PRIMARY_KEY]


@cache
def leads_schema(*, has_accounts: bool = False) -> contract.JsonSchema:
    """Return the JSON Schema of a record; with many accounts it has one more column.

    It promises types, not values: portals, categories and fields that the API adds later are accepted.
    """
    shapes = [shape["properties"] for shape in contract.schema("Lead")["oneOf"]]
    metadata = contract.schema("LeadMetadata")["properties"]
    parts: dict[str, Any] = {}
    for shape in shapes:
        for name, part in shape.items():
            if name != "metadata":
                parts[name] = _merge(parts[name], part) if name in parts else part
    properties = {
        record_name: _instant(metadata[name]) if name in INSTANTS else _readable(metadata[name])
        for name, record_name in METADATA_FIELDS.items()
    }
    properties[PRIMARY_KEY] = {**properties[PRIMARY_KEY], "type": ["string"]}
    properties |= {name: _readable(parts[name]) for name in PARTS}
    properties[IS_ERASED] = {
        "type": ["boolean", "null"],
        "description": (
            "Whether the person had their data deleted: last name, e-mail and message are null, and no phone number is"
            " left. The tap derives this from the lead; the API does not send it."
        ),
    }
    properties["extra"] = {
        "type": ["object", "null"],
        "description": (
            "Fields that are not in the API's contract, and values whose type differs from it, each by its own path;"
            " those of `metadata` are under that key."
        ),
        "additionalProperties": True,
    }
    if has_accounts:
        account = {
            "type": ["string"],
            "description": "The label, in `accounts`, of the account that received it.",
        }
        properties = {ACCOUNT: account, **properties}
    return {"type": "object", "properties": properties, "required": key_properties(has_accounts=has_accounts)}


def _instant(field: contract.JsonSchema) -> contract.JsonSchema:
    description = field["description"].removesuffix(" Unix seconds.")
    return {"type": ["string", "null"], "format": "date-time", "description": f"{description} UTC."}


def _readable(node: contract.JsonSchema) -> contract.JsonSchema:
    """Keep what a consumer can rely on: the type, which may always be null, and the fields inside."""
    kind = node["type"] if isinstance(node["type"], str) else next(name for name in node["type"] if name != "null")
    result: contract.JsonSchema = {"type": [kind, "null"]}
    if "description" in node:
        result["description"] = _SOURCES.sub("", node["description"])
    if kind == "array":
        result["items"] = _readable(node["items"])
    if kind == "object":
        # An object without known fields gets no `properties`, so that the SDK keeps it whole when it flattens.
        if fields := node.get("properties"):
            result["properties"] = {name: _readable(field) for name, field in fields.items()}
        result["additionalProperties"] = True
    return result


def _merge(one: contract.JsonSchema, other: contract.JsonSchema) -> contract.JsonSchema:
    """Merge two shapes of the same part, since a record has one column for both."""
    return {**one, "properties": {**one.get("properties", {}), **other.get("properties", {})}}
