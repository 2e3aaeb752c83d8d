"""Declared settings: reads and checks them without ever showing a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema

from seeker_leads_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_api import contract


def setting(  # noqa: PLR0913  # the keywords of JSON Schema that settings use
    kind: str,
    title: str,
    description: str,
    *,
    default: object = None,
    enum: list[str] | None = None,
    secret: bool = False,
    **schema: object,
) -> contract.JsonSchema:
    """Return the JSON Schema of an optional setting; `schema` adds further keywords, such as `minimum`."""
    declaration = {"type": [kind, "null"], "title": title, "description": description, **schema}
    if enum:
        declaration["enum"] = [*enum, None]
    if default is not None:
        declaration["default"] = default
    return {**declaration, "secret": True, "writeOnly": True} if secret else declaration


def read(config: Mapping[str, Any], declared: Mapping[str, contract.JsonSchema]) -> dict[str, Any]:
    """Return the value of every declared setting, or its default; an empty string counts as not set.

    Raises:
        SettingsError: names every setting that does not match its declaration, with the cure and without its value.
    """
    values = {
        name: declaration.get("default") if config.get(name) in (None, "") else config[name]
        for name, declaration in declared.items()
    }
    problems = [
        f"`{name}` must be {_wanted(declaration)}"
        for name, declaration in declared.items()
        if not _is_fit(values[name], declaration)
    ]
    if problems:
        raise SettingsError("; ".join(problems))
    return values


def refuse_unfit(config: Mapping[str, Any], declared: contract.JsonSchema) -> None:
    """Check settings that are declared elsewhere, such as the SDK's own.

    Raises:
        SettingsError: names the settings that do not match their declaration, without their values.
    """
    names = [
        name for name, schema in declared["properties"].items() if name in config and not _is_fit(config[name], schema)
    ]
    if names:
        msg = f"{', '.join(f'`{name}`' for name in names)}: not of the type or form that `--about` describes"
        raise SettingsError(msg)


#: JSON Schema accepts 7.0 as an integer, but the code that uses the setting does not.
_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # by its stubs
    jsonschema.Draft202012Validator, type_checker=jsonschema.Draft4Validator.TYPE_CHECKER
)


def _is_fit(value: object, schema: contract.JsonSchema) -> bool:
    try:
        return bool(_Validator(schema).is_valid(value))
    except AttributeError:
        return False  # part of the SDK's schema is not valid itself; only a value that matches nothing else reaches it


def _wanted(declaration: contract.JsonSchema) -> str:
    if "enum" in declaration:
        return "one of " + ", ".join(str(value) for value in declaration["enum"] if value is not None)
    kind = declaration["type"][0]
    if kind == "array":
        return "a list of objects" if declaration["items"]["type"] == "object" else "a string or a list of strings"
    if kind == "integer" and "maximum" in declaration:
        return f"a whole number from {declaration['minimum']} to {declaration['maximum']}"
    if kind == "integer":
        return f"a whole number of at least {declaration['minimum']}"
    return {"string": "a string", "boolean": "true or false", "object": "an object"}[kind]
