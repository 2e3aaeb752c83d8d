"""Finds every rule of the API's contract that a createLeadRequest breaks, without the values that break it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema

from seeker_leads_api import contract
from target_seeker_leads.mapping.quick_check import checks_of_properties, is_unicode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seeker_leads_api.contract import JsonSchema


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken by one field; no part of it ever holds the value, which is personal data."""

    #: The contract's path, e.g. `phoneNumbers[0].number`.
    field: str
    #: Follows the name of the field, e.g. `must have at most 100 characters`.
    rule: str
    #: What to do, as a sentence without its full stop.
    cure: str


@dataclass(frozen=True, slots=True)
class MappingWarning:
    """Something unlikely in a record or a stream that is sent anyway; no part of it ever holds a value."""

    #: The contract's path without indices, e.g. `phoneNumbers[].number`; None if it does not concern a single field.
    field: str | None
    #: Follows the name of the field, e.g. `begins with neither 0 nor +`.
    rule: str
    #: What to check, as a sentence without its full stop.
    cure: str


_RULES = {
    "required": "is required",
    "type": "must be {0}",
    "unicode": "must be text that UTF-8 can encode",
    "enum": "must be one of {0}",
    "format": "must be a valid {0}",
    "minLength": "must have at least {0} character(s)",
    "maxLength": "must have at most {0} characters",
    "minItems": "must have at least {0} item(s)",
}
#: The keyword beside each pattern in the contract: the pattern in words, to follow the field's name.
_PATTERN_RULE = "x-rule"
_ANY_RULE = "must follow the API's contract"
#: Plain words for the contract's types and formats.
_WORDS = {
    "string": "text",
    "array": "a list",
    "object": "an object",
    "email": "e-mail address",
    "date-time": "date-time (RFC 3339)",
}

#: What to do, by field and rule or by field alone; list indices are left out.
_CURES: dict[str | tuple[str, str], str] = {
    "firstName": "Give 1 to 100 characters, or leave the first name out",
    "lastName": "Give the last name in 1 to 100 characters",
    "gender": "Give one of these, or leave the gender out",
    "email": "Give one plain address, e.g. name@example.org",
    "language": "Give one of these codes, or leave the language out: the API then uses FR",
    "phoneNumbers": "Give at least one phone number, e.g. in a field phone or mobile",
    "phoneNumbers[]": "Give each phone as text, or as an object with number and, if known, type",
    "phoneNumbers[].number": "Give the whole number and nothing else, e.g. +33 6 12 34 56 78",
    "phoneNumbers[].type": "Give MOBILE or LANDLINE, or leave the type out",
    "message": "Give the message as text",
    ("message", "required"): "Give the message, or a text for leads without one in the setting defaults",
    "classifiedId": "Give the listing's 12 characters, e.g. 26ABCDEFGHJK",
    "submittedDate": "Give an instant, e.g. 2026-01-31T08:00:00Z or Unix seconds (not milliseconds)",
    ("submittedDate", "required"): "Give the instant, or set submittedDate to now in the setting defaults",
}
_ANY_CURE = "Fix the value in the source or with stream_maps"
_UNICODE_CURE = "Remove the broken characters (lone surrogates), or read the source with the right encoding"


def violations(request: Mapping[str, Any]) -> tuple[Violation, ...]:
    """Return everything in which a request breaks the contract, by field; if it is empty, the request can be sent."""
    checks = _checks()
    suspects = {name: value for name, value in request.items() if name not in checks or not checks[name](value)}
    if not suspects and checks and required_fields() <= request.keys():
        return ()
    # Fields that passed the quick check are left out here; they are not missing.
    errors = (error for error in _validator().iter_errors(suspects) if not _is_left_out(error, request))
    return tuple(sorted(set(map(_violation, errors)), key=lambda violation: (violation.field, violation.rule)))


def without_indices(path: str) -> str:
    """Return a path without the indices of lists: `phoneNumbers[0].number` becomes `phoneNumbers[].number`."""
    return re.sub(r"\[\d+\]", "[]", path)


def field_of(path: str) -> str:
    """Return the field of a lead in which a path begins: `phoneNumbers` for `phoneNumbers[0].number`."""
    return re.split(r"[.\[]", path)[0]


def _is_left_out(error: jsonschema.ValidationError, request: Mapping[str, Any]) -> bool:
    path = list(error.absolute_path)
    return error.validator == "required" and len(path) == 1 and path[0] in request


def _violation(error: jsonschema.ValidationError) -> Violation:
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    keyword, limit = str(error.validator), error.validator_value
    words = ", ".join(limit) if isinstance(limit, list) else _WORDS.get(str(limit), limit)
    place = without_indices(field)
    cure = _CURES.get((place, keyword)) or _CURES.get(place, _ANY_CURE)
    rule = error.message if keyword == "pattern" else _RULES.get(keyword, _ANY_RULE).format(words)
    return Violation(
        field,
        rule,
        _UNICODE_CURE if keyword == "unicode" else cure,
    )


@cache
def _checks() -> dict[str, Callable[[Any], bool]]:
    return checks_of_properties(contract.schema("CreateLeadRequest"), _FORMATS, _compiled)


@cache
def required_fields() -> frozenset[str]:
    """Return the fields that the contract requires."""
    return frozenset(contract.schema("CreateLeadRequest")["required"])


@cache
def _validator() -> Any:  # noqa: ANN401  # jsonschema's classes made by `extend` have no type
    checker = jsonschema.FormatChecker(formats=())
    for name, is_valid in _FORMATS.items():
        checker.checks(name)(lambda value, is_valid=is_valid: not isinstance(value, str) or is_valid(value))
    strict: Any = jsonschema.validators.extend(jsonschema.Draft202012Validator, _KEYWORDS)  # type: ignore[no-untyped-call]  # types-jsonschema leaves it out
    return strict(contract.schema("CreateLeadRequest"), format_checker=checker)


# Our own keywords. jsonschema's put the value into their message, which is not used here and may fail: a very deep
# nest or a very long number has no text.


def _type(validator: Any, kind: str, value: object, _schema: object) -> Iterator[jsonschema.ValidationError]:  # noqa: ANN401  # as above
    if not validator.is_type(value, kind):
        yield jsonschema.ValidationError("type")
    elif isinstance(value, str) and not is_unicode(value):
        # Valid for JSON Schema, but a request body cannot hold it.
        yield jsonschema.ValidationError("unicode", validator="unicode")


def _required(
    validator: Any,  # noqa: ANN401  # as above
    names: list[str],
    value: Any,  # noqa: ANN401  # any JSON
    _schema: object,
) -> Iterator[jsonschema.ValidationError]:
    if validator.is_type(value, "object"):
        # The path names the missing field itself, as that of any other violation does.
        yield from (jsonschema.ValidationError("required", path=[name]) for name in names if name not in value)


def _enum(
    _validator: object, choices: list[str], value: object, _schema: object
) -> Iterator[jsonschema.ValidationError]:
    # A value of another type is one violation, not two.
    if isinstance(value, str) and value not in choices:
        yield jsonschema.ValidationError("enum")


def _pattern(
    _validator: object, pattern: str, value: object, schema: JsonSchema
) -> Iterator[jsonschema.ValidationError]:
    if isinstance(value, str) and not _compiled(pattern).search(value):
        yield jsonschema.ValidationError(schema[_PATTERN_RULE])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # In JSON Schema, `$` only matches the end; in Python, it also matches before a final line break.
    ends = pattern.endswith("$") and not pattern.endswith(r"\$")
    return re.compile(rf"{pattern[:-1]}\Z" if ends else pattern)


_KEYWORDS = {"type": _type, "required": _required, "enum": _enum, "pattern": _pattern}

# Our own formats. jsonschema's are lax (an e-mail address needs an "@" only) or depend on what else is installed.

# Within ASCII, a label has letters, digits and hyphens; beyond ASCII, it has anything but blanks.
_LABEL = r"[^\s\x00-,./:-@\[-`{-\x9f]+"
_EMAIL = re.compile(rf"[^@\s\x00-\x1f\x7f-\x9f]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_DATE_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def _is_date_time(text: str) -> bool:
    matched = _DATE_TIME.fullmatch(text)
    if matched is None:
        return False
    try:
        datetime(*map(int, matched.groups()))  # type: ignore[arg-type]  # noqa: DTZ001  # do day and time exist?
    except ValueError:
        return False
    return True


_FORMATS: dict[str, Callable[[str], bool]] = {
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "date-time": _is_date_time,
}
