"""Reasons of letters, as they may be shown to anybody, and as the person sees them who fixes the letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_seeker_leads.delivery.create_lead import REQUEST
from target_seeker_leads.delivery.keeping import ANSWER_LOST, API_SAYS
from target_seeker_leads.mapping.field_names import FIELD_NAMES

if TYPE_CHECKING:
    from seeker_leads_cli.rejects.letters import Letter
    from target_seeker_leads.dead_letters import Reason

_IN_PUBLIC = "the API refused it (`rejects show` has its words)"
#: A field of the contract, or a part of one. The API may name anything.
_FIELD = re.compile(rf"(?:{'|'.join(FIELD_NAMES)})(?:\[\d{{1,4}}\])?(?:\.(?:number|type))?")
#: What goes before the words of an answer.
_ANSWERED = re.compile(rf".*?{re.escape(REQUEST)} answered \d+")


def rule_in_public(reason: Reason) -> str:
    """Return a reason's rule without the words of an answer, which may quote the person's data."""
    if reason.rule.startswith(API_SAYS):
        return _IN_PUBLIC
    answered = _ANSWERED.match(reason.rule)
    return answered[0] if answered else reason.rule


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
