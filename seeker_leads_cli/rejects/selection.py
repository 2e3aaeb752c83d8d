"""Selects letters: by ids, which may be abbreviated, or by stream, rule and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.rejects.reasons import rule_in_public
from seeker_leads_cli.screen import printable
from target_seeker_leads.delivery.columns_used import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from seeker_leads_cli.rejects.letters import Letter

#: Maximum number of ids in a message.
_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Filter:
    """What letters must have in common; None means anything."""

    stream: str | None = None
    rule: str | None = None  #: a part of a rule, in any case
    older_than: timedelta | None = None

    def matches(self, letter: Letter, now: datetime) -> bool:
        """Return whether a letter matches. A letter of unknown age is never old enough."""
        if self.stream is not None and letter.stream != self.stream:
            return False
        if self.rule is not None and not any(
            self.rule.casefold() in rule_in_public(reason).casefold() for reason in letter.reasons
        ):
            return False
        return self.older_than is None or (letter.at is not None and now - letter.at > self.older_than)


def letter_of(letters: Mapping[str, Letter], id_: str) -> Letter:
    """Return the letter whose id is `id_` or begins with it.

    Raises:
        SettingsError: no letter or more than one matches.
    """
    if id_ in letters:
        return letters[id_]
    found = [known for known in letters if id_ and known.startswith(id_)]
    if len(found) == 1:
        return letters[found[0]]
    shown = printable(id_)
    if found:
        msg = f"The id {shown!r} matches {len(found):,} letters: {listed_ids(found)}; give more of it"
    else:
        msg = f"No dead letter has the id {shown!r}: it may be delivered now; `seeker-leads rejects list` shows all"
    raise SettingsError(msg)


def listed_ids(ids: Iterable[str]) -> str:
    """Return ids as a list for a sentence, shortened if there are many."""
    return listed(ids, _MAX_NAMED)
