"""What a check finds wrong with one value, or unlikely about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a value breaks, without the value: a violation, which stops the lead, or a warning."""

    rule: str  #: follows the name of the field
    cure: str  #: a sentence without its full stop
    is_violation: bool


def first(*checks: tuple[object, Finding]) -> Finding | None:
    """Return the finding whose condition is the first to hold, if one holds."""
    return next((finding for holds, finding in checks if holds), None)


def violation(rule: str, cure: str) -> Finding:
    """Return a finding that stops the lead."""
    return Finding(rule, cure, is_violation=True)


def warning(rule: str, cure: str) -> Finding:
    """Return a finding that does not stop the lead."""
    return Finding(rule, cure, is_violation=False)
