"""Request bodies: reads JSON and finds all violations of the contract's schema at once."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec

from seeker_leads_api import contract
from seeker_leads_sandbox.api.problems import Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiohttp import web

_REASONS = {
    "type": "must be of type {0}",
    "const": "must be {0}",
    "enum": "must be one of {0}",
    "format": "must be a valid {0}",
    "pattern": "{0}",
    "minLength": "must have at least {0} character(s)",
    "maxLength": "must have at most {0} characters",
    "minItems": "must have at least {0} item(s)",
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


class BadBodyError(ValueError):
    """The body is not JSON, so it cannot be checked against the schema."""


async def read_json(request: web.Request) -> Any:  # noqa: ANN401  # any JSON
    """Return the JSON body of a request.

    Raises:
        BadBodyError: the Content-Type is not JSON, or the body is not valid JSON.
    """
    if request.content_type != "application/json":
        message = "the Content-Type must be application/json"
        raise BadBodyError(message)
    try:
        return msgspec.json.decode(await request.read())
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        message = "the body is not valid JSON"
        raise BadBodyError(message) from None


def violations(schema_name: str, body: object) -> list[Violation]:
    """Return every violation of the contract's schema with that name."""
    return sorted(
        (_violation(error) for error in _validator(schema_name).iter_errors(body)), key=lambda v: (v.name, v.reason)
    )


@cache
def _validator(schema_name: str) -> Any:  # noqa: ANN401  # jsonschema's classes made by `extend` have no type
    # Stricter checks: jsonschema's are lax (an e-mail needs only an "@") or depend on which packages are installed.
    checker = jsonschema.FormatChecker(formats=())
    for name, is_valid in _FORMATS.items():
        checker.checks(name)(lambda text, is_valid=is_valid: not isinstance(text, str) or is_valid(text))
    strict: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]  # types-jsonschema leaves it out
    return strict(contract.schema(schema_name), format_checker=checker)


def _pattern(
    _validator: object, pattern: str, instance: object, schema: contract.JsonSchema
) -> Iterator[jsonschema.ValidationError]:
    # In JSON Schema `$` matches only at the very end; in Python it also matches before a final line break.
    if isinstance(instance, str) and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), instance):
        # A regular expression means little to a reader; the contract states the rule in words beside it.
        yield jsonschema.ValidationError(schema["x-rule"])


def _is_date_time(text: str) -> bool:
    matched = _DATE_TIME.fullmatch(text)
    if matched is None:
        return False
    try:
        datetime.fromisoformat(f"{matched[1]}T{matched[2]}")
    except ValueError:
        return False
    return True


_FORMATS: dict[str, Callable[[str], bool]] = {
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "uri": lambda text: _URI.fullmatch(text) is not None,
    "date-time": _is_date_time,
}


def _violation(error: jsonschema.ValidationError) -> Violation:
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    required = error.validator_value
    if error.validator == "required" and isinstance(required, list):
        # There is one error for each missing field, and only the message names the field.
        missing = next(key for key in required if repr(key) in error.message)
        return Violation(f"{name}.{missing}".lstrip("."), "is required")
    template = _REASONS.get(str(error.validator), "is not valid")
    value = error.message if error.validator == "pattern" else error.validator_value
    if isinstance(value, list):
        value = ", ".join(str(choice) for choice in value)
    return Violation(name or "(body)", template.format(value))
