from __future__ import annotations

import json
import re

from seeker_leads_api import contract
from tap_seeker_leads.leads.schema import METADATA_FIELDS, PARTS, leads_schema


def test_every_field_of_the_contract_is_in_the_schema() -> None:
    """The schema has every field of the contract, for every shape of a lead."""
    properties = leads_schema()["properties"]
    for shape in contract.schema("Lead")["oneOf"]:
        for part, content in shape["properties"].items():
            if part != "metadata":
                assert part in PARTS
                assert set(content.get("properties", {})) <= set(properties[part].get("properties", {}))
    assert set(contract.schema("LeadMetadata")["properties"]) == set(METADATA_FIELDS)


def test_descriptions_do_not_name_their_sources() -> None:
    """The marks of the contract that say where a statement comes from are not shown to users."""
    assert "The call." in json.dumps(leads_schema())
    assert not re.search(r"\[[SDF?]\]", json.dumps(leads_schema()))


def test_only_the_key_is_required() -> None:
    """Everything but the key may be null, since a person's data can be erased."""
    schema = leads_schema()
    assert schema["required"] == ["leadId"]
    assert all("null" in field["type"] for name, field in schema["properties"].items() if name != "leadId")


def test_nested_objects_are_open() -> None:
    """Fields that the API adds inside an object are not dropped."""
    for name, field in leads_schema()["properties"].items():
        assert field["type"][0] != "object" or field["additionalProperties"] is True, name


def test_values_are_not_promised() -> None:
    """New portals, new categories and longer texts must be accepted: the schema has no enum, length or pattern."""
    assert not {"enum", "const", "maxLength", "pattern"} & _keys(leads_schema())


def _keys(node: object) -> set[str]:
    if isinstance(node, dict):
        return set(node).union(*(_keys(value) for value in node.values()))
    return set()
