"""The reasons of letters: without personal data for lists, and in full for the person who fixes the letter."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from target_seeker_leads.delivery.create_lead import REQUEST
from target_seeker_leads.delivery.keeping import ANSWER_LOST, API_SAYS
from target_seeker_leads.mapping.field_names import FIELD_NAMES

if TYPE_CHECKING:
    from seeker_leads_cli.rejects.letters import Letter
    from target_seeker_leads.dead_letters import Reason

_PUBLIC_RULE = "the API refused it (`rejects show` has the details)"
#: A field of the contract or a part of one; the API may return any other name.
_FIELD = re.compile(rf"(?:{'|'.join(FIELD_NAMES)})(?:\[\d{{1,4}}\])?(?:\.(?:number|type))?")
#: The part of a rule before the text of an answer.
_BEFORE_ANSWER = re.compile(rf".*?{re.escape(REQUEST)} answered \d+")


def rule_in_public(reason: Reason) -> str:
    """Return a reason's rule without the text of an answer, which may quote personal data."""
    if reason.rule.startswith(API_SAYS):
        return _PUBLIC_RULE
    answered = _BEFORE_ANSWER.match(reason.rule)
    return answered[0] if answered else reason.rule


def reasons_in_public(letter: Letter) -> list[dict[str, Any]]:
    """Return a letter's reasons as JSON, without personal data."""
    return [
        {
            "field": reason.field if reason.field and _FIELD.fullmatch(reason.field) else None,
            "rule": rule_in_public(reason),
            "cure": reason.cure,
        }
        for reason in letter.reasons
    ]


def in_words(field: str | None, rule: str) -> str:
    """Return a reason as text for a sentence."""
    return f"`{field}` {rule}" if field else rule


def is_unknown(letter: Letter) -> bool:
    """Return whether the letter says that its lead may exist."""
    return any(reason.rule == ANSWER_LOST.rule for reason in letter.reasons)
