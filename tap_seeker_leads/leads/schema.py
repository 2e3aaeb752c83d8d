"""The schema of the stream `leads`, derived from the API's contract."""

from __future__ import annotations

from functools import cache
from typing import Any

from seeker_leads_api import contract

STREAM = "leads"
PRIMARY_KEY = "leadId"
#: The column and key of a run over many accounts: the label of the account that a lead is from.
ACCOUNT = "account"
REPLICATION_KEY = "ingestionDate"

#: Fields of `metadata` that are instants in Unix seconds, and how they are called in records.
INSTANTS = {"ingestionDate": "ingestionDate", "TTL": "ttl"}
#: The contract's name of each field of `metadata`, with its name in records.
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
#: The parts that are about a person: what is unknown in them may be personal too.
PERSONAL_PARTS = ("contactRequest", "callDetails")


def key_properties(*, has_accounts: bool = False) -> list[str]:
    """Return what tells records apart."""
    return [ACCOUNT, PRIMARY_KEY] if has_accounts else [PRIMARY_KEY]


@cache
def leads_schema(*, has_accounts: bool = False) -> contract.JsonSchema:
    """Return the JSON Schema of a record; that of a run over many accounts has a column more.

    It promises types, not values: portals, categories and fields that the API adds later pass through.
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
            " left. Not of the API; made from the lead alone."
        ),
    }
    properties["extra"] = {
        "type": ["object", "null"],
        "description": (
            "What the API sent beyond its contract, and values of another type than it says, by their own path;"
            " those of `metadata` under that key."
        ),
        "additionalProperties": True,
    }
    if has_accounts:
        account = {"type": ["string"], "description": "Which of the setting `accounts` received the lead: its label."}
        properties = {ACCOUNT: account, **properties}
    return {"type": "object", "properties": properties, "required": key_properties(has_accounts=has_accounts)}


def _instant(field: contract.JsonSchema) -> contract.JsonSchema:
    description = field["description"].removesuffix(" Unix seconds.")
    return {"type": ["string", "null"], "format": "date-time", "description": f"{description} UTC."}


def _readable(node: contract.JsonSchema) -> contract.JsonSchema:
    """Keep what a reader can rely on: the type, which may always be null, and what lies inside."""
    kind = node["type"] if isinstance(node["type"], str) else next(name for name in node["type"] if name != "null")
    result: contract.JsonSchema = {"type": [kind, "null"]}
    if "description" in node:
        result["description"] = node["description"]
    if kind == "array":
        result["items"] = _readable(node["items"])
    if kind == "object":
        # An object of which no field is known has no `properties`: so the SDK keeps it whole when it flattens.
        if fields := node.get("properties"):
            result["properties"] = {name: _readable(field) for name, field in fields.items()}
        result["additionalProperties"] = True
    return result


def _merge(one: contract.JsonSchema, other: contract.JsonSchema) -> contract.JsonSchema:
    """Join two shapes of the same part: a record has one column for both."""
    return {**one, "properties": {**one.get("properties", {}), **other.get("properties", {})}}
