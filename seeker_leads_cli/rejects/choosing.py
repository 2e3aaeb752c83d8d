"""Which letters a command is about: by ids, which may be abbreviated, or by stream, rule and age."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.rejects.reasons import rule_in_public
from seeker_leads_cli.screen import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta

    from seeker_leads_cli.rejects.letters import Letter

#: How many of several ids an error names.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Filter:
    """What letters have in common; None: anything."""

    stream: str | None = None
    rule: str | None = None  #: a part of a rule, in any case
    older_than: timedelta | None = None

    def takes(self, letter: Letter, now: datetime) -> bool:
        """Return whether a letter is one of them. One of unknown age is not old."""
        if self.stream is not None and letter.stream != self.stream:
            return False
        if self.rule is not None and not any(
            self.rule.casefold() in rule_in_public(reason).casefold() for reason in letter.reasons
        ):
            return False
        return self.older_than is None or (letter.at is not None and now - letter.at > self.older_than)


def letter_of(letters: Mapping[str, Letter], id_: str) -> Letter:
    """Return the letter that an id, or the beginning of one, names.

    Raises:
        SettingsError: it names none, or more than one.
    """
    if id_ in letters:
        return letters[id_]
    found = [known for known in letters if id_ and known.startswith(id_)]
    if len(found) == 1:
        return letters[found[0]]
    shown = printable(id_)
    if found:
        msg = f"The id {shown!r} is that of {len(found):,} letters: {named(found)}; write more of it"
    else:
        msg = f"No dead letter has the id {shown!r}: it may be delivered by now; `seeker-leads rejects list` shows them"
    raise SettingsError(msg)


def named(ids: Iterable[str]) -> str:
    """Return ids as a list in a sentence, not all of very many."""
    every = list(ids)
    more = len(every) - _MOST_NAMED
    return ", ".join(every[:_MOST_NAMED]) + (f" and {more:,} more" if more > 0 else "")
