"""Finds implausible values that the contract accepts: violations, which stop a lead, and warnings. Pure.

A wrong lead is worse than a rejected one: the agent would call a number that is a date. An unlikely lead is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_seeker_leads.mapping.plausibility.dates import check_date
from target_seeker_leads.mapping.plausibility.phones import check_phone
from target_seeker_leads.mapping.plausibility.texts import check_email, check_last_name, check_text, check_token
from target_seeker_leads.mapping.validation import MappingWarning, Violation, violations, without_indices

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from target_seeker_leads.mapping.plausibility.finding import Finding


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that is wrong with a request, and everything that is unlikely."""

    violations: tuple[Violation, ...]
    warnings: tuple[MappingWarning, ...]


_CHECKS: dict[str, Callable[[str, datetime], Finding | None]] = {
    "lastName": lambda text, _: check_last_name(text),
    "firstName": lambda text, _: check_text(text),
    "message": lambda text, _: check_text(text),
    "email": lambda text, _: check_email(text),
    "phoneNumbers[].number": lambda text, _: check_phone(text),
    "classifiedId": lambda text, _: check_token(text),
    "gender": lambda text, _: check_token(text),
    "language": lambda text, _: check_token(text),
    "submittedDate": check_date,
}


def examine(request: Mapping[str, Any], now: datetime) -> Findings:
    """Check a request against the contract and for plausibility; without violations it can be sent.

    If a field is implausible, only that is reported: its cure says more than the contract's.
    """
    found: dict[str, Violation] = {}
    warnings = []
    for path, place, text in _texts(request):
        finding = _CHECKS[place](text, now)
        if finding and finding.is_violation:
            found[path] = Violation(path, finding.rule, finding.cure)
        elif finding:
            warnings.append(MappingWarning(place, finding.rule, finding.cure))
    broken = [violation for violation in violations(request) if violation.field not in found]
    broken_fields = {without_indices(violation.field) for violation in broken}
    return Findings(
        tuple(sorted([*broken, *found.values()], key=lambda violation: (violation.field, violation.rule))),
        tuple(warning for warning in dict.fromkeys(warnings) if warning.field not in broken_fields),
    )


def _texts(request: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield the path, with and without an index, and the value of each text that has a check."""
    for path, value in request.items():
        if path in _CHECKS and isinstance(value, str):
            yield path, path, value
    phones = request.get("phoneNumbers")
    for index, phone in enumerate(phones if isinstance(phones, list) else []):
        if isinstance(phone, dict) and isinstance(phone.get("number"), str):
            yield f"phoneNumbers[{index}].number", "phoneNumbers[].number", phone["number"]
