"""The verdict on the plausibility of one value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule that a value breaks, without the value; a refusal stops the lead, anything else is a warning."""

    rule: str  #: follows the name of the field
    cure: str  #: a sentence without its full stop
    is_refusal: bool


def first(*judged: tuple[object, Verdict]) -> Verdict | None:
    """Return the verdict of the first condition that holds, if any does."""
    return next((verdict for holds, verdict in judged if holds), None)


def refusal(rule: str, cure: str) -> Verdict:
    """Return a verdict that stops the lead."""
    return Verdict(rule, cure, is_refusal=True)


def doubt(rule: str, cure: str) -> Verdict:
    """Return a verdict that is only a warning."""
    return Verdict(rule, cure, is_refusal=False)
