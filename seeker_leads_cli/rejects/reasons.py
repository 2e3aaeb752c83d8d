"""Reasons of letters, as they may be shown to anybody, and as the person sees them who fixes the letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_seeker_leads.delivery.keeping import ANSWER_LOST, API_SAYS

if TYPE_CHECKING:
    from seeker_leads_cli.rejects.letters import Letter
    from target_seeker_leads.dead_letters import Reason

_IN_PUBLIC = "the API refused it (`rejects show` has its words)"
#: What a field of the contract looks like. The API may name anything.
_FIELD = re.compile(r"[A-Za-z0-9_.\[\]]{1,100}")


def rule_in_public(reason: Reason) -> str:
    """Return a reason's rule without the API's own words, which may quote the person's data."""
    return _IN_PUBLIC if reason.rule.startswith(API_SAYS) else reason.rule


def reasons_in_public(letter: Letter) -> list[dict[str, Any]]:
    """Return a letter's reasons as JSON, without anybody's data."""
    return [
        {
            "field": reason.field if reason.field and _FIELD.fullmatch(reason.field) else None,
            "rule": rule_in_public(reason),
            "cure": reason.cure,
        }
        for reason in letter.reasons
    ]


def in_words(field: str | None, rule: str) -> str:
    """Return a reason as a sentence shows it."""
    return f"`{field}` {rule}" if field else rule


def is_unknown(letter: Letter) -> bool:
    """Return whether the letter says that its lead may exist."""
    return any(reason.rule == ANSWER_LOST.rule for reason in letter.reasons)
