"""Maps any record to the fields of a createLeadRequest. Pure; no record raises an error.

Names are looked up in `field_names`, and `conversions`, `phones` and `date_times` read the values. Problems are left
to `validation` and `plausibility`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

from seeker_leads_api.errors import SettingsError
from target_seeker_leads.mapping.conversions import from_json_text
from target_seeker_leads.mapping.date_times import DateReader, ReadDate
from target_seeker_leads.mapping.field_names import (
    FIELD_NAMES,
    PHONES,
    SUBMITTED_DATE,
    Meaning,
    is_container,
)
from target_seeker_leads.mapping.phones import CURRENT, SEPARATORS, Reading, to_phones
from target_seeker_leads.mapping.plausibility.examine import examine
from target_seeker_leads.mapping.validation import field_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from target_seeker_leads.mapping.validation import MappingWarning, Violation

#: A field's container, empty at the top level, and its name.
_Place: TypeAlias = tuple[str, str]

#: The default of `submittedDate` that means the moment of delivery.
NOW = "now"

#: Dates as ISO 8601 and Unix seconds; times without an offset are UTC.
ISO_DATES = DateReader()
#: Any valid instant: it replaces `now` while the rules are checked.
_EXAMPLE_INSTANT = datetime(2020, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The fields of a createLeadRequest that a record has, and where it has them."""

    #: Fields that the record lacks are absent.
    request: dict[str, Any]
    #: The contract's path (`lastName`, `phoneNumbers[0]`) -> the record's own names (`contact.last_name`).
    sources: Mapping[str, tuple[str, ...]]
    #: The record's names that have no meaning, or that are overridden by another name with a value.
    unused: tuple[str, ...] = ()
    #: Problems found while reading that the request alone does not show.
    violations: tuple[Violation, ...] = ()
    warnings: tuple[MappingWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A field of a record, or of one of its containers, that maps to a field of a lead."""

    source: str
    value: Any
    meaning: Meaning


def to_request(record: Mapping[str, Any], reading: Reading = CURRENT, dates: DateReader = ISO_DATES) -> Mapped:
    """Map a record to the fields of a createLeadRequest; names that are not in the table are never guessed."""
    request: dict[str, Any] = {}
    sources: dict[str, tuple[str, ...]] = {}
    known, unused = _leaves(record, reading)
    date = ReadDate(None)
    for field, group in groupby(known, key=lambda leaf: leaf.meaning.field):
        leaves = [leaf for leaf in group if not reading.is_empty(leaf.value)]
        if field == PHONES:
            phones = _combined_phones(leaves, reading)
            request |= {PHONES: [phone for phone, _ in phones]} if phones else {}
            sources |= {f"{PHONES}[{index}]": tuple(dict.fromkeys(names)) for index, (_, names) in enumerate(phones)}
        elif leaves:
            sources[field] = (leaves[0].source,)
            unused += [leaf.source for leaf in leaves[1:]]
            if field == SUBMITTED_DATE:
                date = dates.read(leaves[0].value)
                request[field] = date.value
            else:
                request[field] = reading.converters[field](leaves[0].value)
    return Mapped(
        request,
        sources,
        tuple(unused),
        violations=(date.violation,) if date.violation else (),
        warnings=(date.warning,) if date.warning else (),
    )


def with_defaults(mapped: Mapped, defaults: Mapping[str, Any], now: datetime) -> Mapped:
    """Fill missing fields from the parsed defaults; a default `submittedDate` of `now` becomes the given time."""
    missing = {field: value for field, value in defaults.items() if field not in mapped.request}
    request, sources = dict(mapped.request), dict(mapped.sources)
    for field, value in missing.items():
        is_now = field == SUBMITTED_DATE and value == NOW
        # A copy, because all leads of a run share the default list of phones.
        request[field] = ISO_DATES.read(now).value if is_now else copy.deepcopy(value)
        paths = [f"{field}[{index}]" for index in range(len(value))] if field == PHONES else [field]
        sources |= dict.fromkeys(paths, ("defaults",))
    return replace(mapped, request=request, sources=sources)


def parse_defaults(defaults: Mapping[str, Any], dates: DateReader = ISO_DATES) -> dict[str, Any]:
    """Return the setting `defaults` by the contract's names, each value converted like a record's.

    Raises:
        SettingsError: a name is not a field of a lead, or a value breaks the contract; the message shows no value.
    """
    known, unknown = _leaves(defaults)
    if unknown:
        fields = ", ".join(FIELD_NAMES)
        msg = f"`defaults` has names that are not fields of a lead: {', '.join(unknown)}; the fields are {fields}"
        raise SettingsError(msg)
    mapped = to_request(defaults, dates=dates)
    parsed = dict(mapped.request)
    for leaf in known:
        # An empty default is intended: the contract accepts an empty message, and rejects other empty fields.
        parsed.setdefault(leaf.meaning.field, leaf.value)
    submitted = parsed.get(SUBMITTED_DATE)
    is_now = isinstance(submitted, str) and submitted.lower() == NOW
    # `now` is not a date of the contract.
    checked = {**parsed, SUBMITTED_DATE: ISO_DATES.read(_EXAMPLE_INSTANT).value} if is_now else parsed
    if problems := [
        f"{violation.field} {violation.rule} ({violation.cure})"
        for violation in (*mapped.violations, *examine(checked, _EXAMPLE_INSTANT).violations)
        if field_of(violation.field) in parsed
    ]:
        msg = f"`defaults` breaks the API's contract: {'; '.join(problems)}"
        raise SettingsError(msg)
    return {**parsed, SUBMITTED_DATE: NOW} if is_now else parsed


def _leaves(record: Mapping[str, Any], reading: Reading = CURRENT) -> tuple[list[_Leaf], list[str]]:
    """Return the fields that map to a lead, in order of priority, and the names of all others."""
    values = {(place, name): value for place, name, value in _places(record)}
    known, unknown = _layout(tuple(values), reading.meaning_of)
    return [_Leaf(source, values[place], meaning) for place, source, meaning in known], [*unknown]


@lru_cache(maxsize=256)  # a stream has few shapes and many records
def _layout(
    places: tuple[_Place, ...], meaning_of: Callable[[str, str], Meaning | None]
) -> tuple[tuple[tuple[_Place, str, Meaning], ...], tuple[str, ...]]:
    """Return place, source and meaning of the fields, in the order of `_leaves`, and the names of all others."""
    known, unknown = [], []
    for container, name in places:
        source = f"{container}.{name}" if container else name
        meaning = meaning_of(name, container)
        if meaning is None:
            unknown.append(source)
        else:
            known.append(((container, name), source, meaning))
    # The contract's own spelling comes before other spellings of the same name.
    known.sort(key=lambda entry: (entry[2].priority, entry[0][1] != entry[2].field))
    return tuple(known), tuple(unknown)


def _places(record: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yield each field's container, name and value; fields of the top level have no container."""
    for name, value in record.items():
        inner = from_json_text(value) if is_container(name) else None
        if isinstance(inner, dict):
            yield from ((name, inner_name, inner_value) for inner_name, inner_value in inner.items())
        else:
            yield "", name, value


def _combined_phones(leaves: list[_Leaf], reading: Reading) -> list[tuple[dict[str, Any], list[str]]]:
    """Return each phone once, with the names of the fields that hold it."""
    phones: list[tuple[dict[str, Any], list[str]]] = []
    seen: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for leaf in leaves:
        for phone in to_phones(leaf.value, leaf.meaning.phone_type, reading):
            number = phone.get("number")
            key = SEPARATORS.sub("", number) if isinstance(number, str) else ""
            if key not in seen:
                phones.append((phone, [leaf.source]))
                seen |= {key: phones[-1]} if key else {}
            elif "type" in phone and "type" not in seen[key][0]:
                seen[key][0]["type"] = phone["type"]
                seen[key][1].append(leaf.source)
    return phones
