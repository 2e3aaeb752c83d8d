"""What becomes of letters that are fed again: gathered while the target delivers, from any number of threads."""

from __future__ import annotations

import dataclasses
import enum
import threading
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from target_seeker_leads.dead_letters import DeadLetter, to_line
from target_seeker_leads.delivery.report import Result

if TYPE_CHECKING:
    from collections.abc import Container

    from seeker_leads_cli.rejects.letters import Letter
    from target_seeker_leads.delivery.incoming import Incoming
    from target_seeker_leads.singer.messages import Receiver


class Outcome(str, enum.Enum):
    """What became of a letter; the values are those of `retry --json`."""

    DELIVERED = "delivered"  #: by this command
    DELIVERED_BEFORE = "delivered_before"  #: as the ledger says
    FAILED = "failed"  #: again: its letter has the new reasons
    UNKNOWN = "unknown"  #: its lead may exist, so it was not sent
    SET_ASIDE = "set_aside"  #: it is not meant to become a lead, as the settings are now
    UNSETTLED = "unsettled"  #: the command ended before


#: What may be taken out of the file.
DONE = frozenset({Outcome.DELIVERED, Outcome.DELIVERED_BEFORE})
_OF_RESULTS = {
    Result.CREATED: Outcome.DELIVERED,
    Result.DELIVERED_BEFORE: Outcome.DELIVERED_BEFORE,
    Result.UNKNOWN_BEFORE: Outcome.UNKNOWN,
    Result.REFUSED_BEFORE: Outcome.FAILED,
    Result.REJECTED_BEFORE: Outcome.FAILED,
}
#: Of a letter of which stream maps make several records, the worst one counts.
_WORST_FIRST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.SET_ASIDE, Outcome.DELIVERED, Outcome.DELIVERED_BEFORE)


class Outcomes:
    """Takes the place of the file of dead letters: what fails again has its letter in the file already.

    So nothing is written while leads are sent, and a kill leaves the file as it was.
    """

    def __init__(self, named: Container[str]) -> None:
        #: Those that the user named: only of them it is the user's word to send what may exist already.
        self.named = named
        self._turn = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._results: defaultdict[str, list[Outcome]] = defaultdict(list)
        self._again: dict[str, DeadLetter] = {}

    @property
    def count(self) -> int:
        """How many letters failed again."""
        return len(self._again)

    def append(self, letter: DeadLetter, /) -> None:
        """Note that a letter failed again."""
        with self._turn:
            self._again[letter.id or ""] = letter

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def taken(self, incoming: Incoming) -> None:
        """Note that a record was made of a letter."""
        with self._turn:
            self._taken[incoming.source.letter_id or ""] += 1

    def settled(self, incoming: Incoming, result: Result) -> None:
        """Note what became of a record that needed no letter."""
        with self._turn:
            self._results[incoming.source.letter_id or ""].append(_OF_RESULTS.get(result, Outcome.SET_ASIDE))

    def of(self, letter: Letter, *, is_over: bool) -> Outcome:
        """Return what became of a letter, once nothing more is sent; `is_over` if all letters were fed."""
        if letter.id in self._again:
            return Outcome.FAILED
        results = self._results[letter.id]
        if len(results) < self._taken[letter.id]:
            return Outcome.UNSETTLED
        if not results:
            return Outcome.SET_ASIDE if is_over else Outcome.UNSETTLED  # a filter left it out, or it was not its turn
        return min(results, key=_WORST_FIRST.index)

    def line_of(self, letter: Letter) -> bytes | None:
        """Return the line that replaces a letter that failed again; it keeps its id and its age."""
        again = self._again.get(letter.id)
        return to_line(dataclasses.replace(again, at=letter.at or again.at)) if again else None


class Noting:
    """Passes records on to the pipeline, and notes them."""

    def __init__(self, pipeline: Receiver, outcomes: Outcomes) -> None:
        self._pipeline = pipeline
        self._outcomes = outcomes

    def take(self, incoming: Incoming, /) -> None:
        """Pass a record on."""
        self._outcomes.taken(incoming)
        spares = incoming.source.letter_id not in self._outcomes.named
        source = dataclasses.replace(incoming.source, excludes_unknown=spares)
        self._pipeline.take(dataclasses.replace(incoming, source=source))

    def state(self, value: Any, /) -> None:  # noqa: ANN401  # any JSON
        """Pass a STATE on."""
        self._pipeline.state(value)
