"""Checks quickly whether a value fits a JSON Schema: most records do, and a full validation takes ten times as long.

It may reject a value that fits, but never accepts one that does not. The full validation then finds the reasons.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from seeker_leads_api.contract import JsonSchema

    Check = Callable[[Any], bool]

#: Keywords that a check handles or may ignore. A schema with any other keyword is left to the validation.
_KEYWORDS = {
    "string": frozenset({"minLength", "maxLength", "enum", "pattern", "format"}),
    "array": frozenset({"minItems", "items"}),
    "object": frozenset({"required", "properties"}),
}
_ANNOTATIONS = frozenset({"type", "description", "default", "example", "title", "x-rule"})


def check_of(
    schema: JsonSchema, formats: Mapping[str, Check], compiled: Callable[[str], re.Pattern[str]]
) -> Callable[[Any], bool]:
    """Return the check for a schema, with the formats and patterns of the validation."""
    kind = schema.get("type")
    if not isinstance(kind, str) or not set(schema) <= _KEYWORDS.get(kind, frozenset()) | _ANNOTATIONS:
        return lambda _: False
    if kind == "object":
        return _of_object(frozenset(schema.get("required", ())), checks_of_properties(schema, formats, compiled))
    if kind == "array":
        return _of_array(schema.get("minItems", 0), check_of(schema.get("items", {}), formats, compiled))
    return _of_text(schema, formats, compiled)


def checks_of_properties(
    schema: JsonSchema, formats: Mapping[str, Check], compiled: Callable[[str], re.Pattern[str]]
) -> dict[str, Callable[[Any], bool]]:
    """Return the check for each property of an object; none if the schema has further rules for the object."""
    if not set(schema) <= _KEYWORDS["object"] | _ANNOTATIONS or schema.get("type") != "object":
        return {}
    return {name: check_of(inner, formats, compiled) for name, inner in schema.get("properties", {}).items()}


def _of_object(required: frozenset[str], checks: Mapping[str, Check]) -> Check:
    def fits(value: Any) -> bool:  # noqa: ANN401  # any JSON
        return (
            isinstance(value, dict)
            and required <= value.keys()
            and all(name in checks and checks[name](inner) for name, inner in value.items())
        )

    return fits


def _of_array(shortest: int, check: Check) -> Check:
    def fits(value: Any) -> bool:  # noqa: ANN401  # any JSON
        return isinstance(value, list) and len(value) >= shortest and all(map(check, value))

    return fits


def _of_text(schema: JsonSchema, formats: Mapping[str, Check], compiled: Callable[[str], re.Pattern[str]]) -> Check:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    checks: list[Check] = []
    if "enum" in schema:
        checks.append(frozenset(schema["enum"]).__contains__)
    if "pattern" in schema:
        pattern = compiled(schema["pattern"])
        checks.append(lambda text: pattern.search(text) is not None)
    if "format" in schema:
        checks.append(formats.get(schema["format"], lambda _: False))

    def fits(value: Any) -> bool:  # noqa: ANN401  # any JSON
        return (
            isinstance(value, str)
            and shortest <= len(value)
            and (longest is None or len(value) <= longest)
            and (value.isascii() or is_unicode(value))
            and all(check(value) for check in checks)
        )

    return fits


def is_unicode(text: str) -> bool:
    """Return whether UTF-8 can encode a text: it contains no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
