"""Reads a record as a lead: the request, the reasons not to send it, and what was left out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.field_names import PHONES
from target_seeker_leads.mapping.plausibility.examine import examine
from target_seeker_leads.mapping.record_to_request import Mapped, to_request, with_defaults
from target_seeker_leads.mapping.validation import MappingWarning, field_of, required_fields, without_indices

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from target_seeker_leads.mapping.date_times import DateReader
    from target_seeker_leads.mapping.validation import Violation

#: The type of a phone is optional.
_PHONE_TYPE = re.compile(rf"{PHONES}\[(\d+)\]\.type")


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as read from a record."""

    #: The record's own fields, without the defaults.
    mapped: Mapped
    #: The request to the API.
    request: Mapping[str, Any]
    #: Why it cannot be sent; empty if it can.
    violations: tuple[Violation, ...]
    #: What was left out because it does not fit an optional field.
    left_out: tuple[Violation, ...]
    #: What is unlikely, ambiguous or left out.
    warnings: tuple[MappingWarning, ...]

    def source_of(self, violation: Violation) -> tuple[str, ...]:
        """Return the record's names for the field of a violation; empty if the record lacks the field."""
        sources = self.mapped.sources
        return sources.get(violation.field) or sources.get(violation.field.partition(".")[0]) or ()


def read_lead(record: Mapping[str, Any], defaults: Mapping[str, Any], dates: DateReader, now: datetime) -> Lead:
    """Read a record as a lead. A value that does not fit an optional field is left out; the lead can still be sent."""
    mapped = to_request(record, dates=dates)
    full = with_defaults(mapped, defaults, now)
    findings = examine(full.request, now)
    left_out = tuple(
        replace(violation, rule=f"{violation.rule}: it was left out")
        for violation in findings.violations
        if _is_optional(violation.field)
    )
    if left_out:
        mapped = _without(mapped, left_out)
        full = with_defaults(mapped, defaults, now)
    # A violation found while reading says more than the contract's violation of the same field.
    read = {violation.field for violation in mapped.violations}
    found = (each for each in findings.violations if not _is_optional(each.field) and each.field not in read)
    warnings = (*mapped.warnings, *findings.warnings, *map(_as_warning, left_out))
    return Lead(mapped, full.request, (*found, *mapped.violations), left_out, warnings)


def _as_warning(violation: Violation) -> MappingWarning:
    return MappingWarning(without_indices(violation.field), violation.rule, violation.cure)


def _is_optional(path: str) -> bool:
    field = field_of(path)
    return field not in required_fields() if field != PHONES else _PHONE_TYPE.fullmatch(path) is not None


def _without(mapped: Mapped, misfits: Iterable[Violation]) -> Mapped:
    request = dict(mapped.request)
    for misfit in misfits:
        phone = _PHONE_TYPE.fullmatch(misfit.field)
        if phone:
            index = int(phone[1])
            phones = list(request[PHONES])
            phones[index] = {name: value for name, value in phones[index].items() if name != "type"}
            request[PHONES] = phones
        else:
            request.pop(field_of(misfit.field), None)
    return replace(mapped, request=request)
