"""Collects the outcomes of letters that are sent again, from any number of threads."""

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
    """The outcome of a letter; the values are those of `retry --json`."""

    DELIVERED = "delivered"  #: by this command
    DELIVERED_BEFORE = "delivered_before"  #: earlier, according to the ledger
    FAILED = "failed"  #: again: its letter has the new reasons
    UNKNOWN = "unknown"  #: its lead may exist, so it was not sent
    SET_ASIDE = "set_aside"  #: with the current settings, it is not meant to become a lead
    UNSETTLED = "unsettled"  #: the command ended first


#: Letters with these outcomes are removed from the file.
DONE = frozenset({Outcome.DELIVERED, Outcome.DELIVERED_BEFORE})
_OUTCOME_OF_RESULT = {
    Result.CREATED: Outcome.DELIVERED,
    Result.DELIVERED_BEFORE: Outcome.DELIVERED_BEFORE,
    Result.UNKNOWN_BEFORE: Outcome.UNKNOWN,
    Result.REFUSED_BEFORE: Outcome.FAILED,
    Result.REJECTED_BEFORE: Outcome.FAILED,
}
#: If stream maps make several records of a letter, the worst outcome counts.
_WORST_FIRST = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.SET_ASIDE, Outcome.DELIVERED, Outcome.DELIVERED_BEFORE)


class Outcomes:
    """Replaces the target's file of dead letters: a letter that fails again is already in the file.

    So nothing is written while leads are sent, and a kill leaves the file unchanged.
    """

    def __init__(self, named: Container[str]) -> None:
        #: Ids that the user gave: only these letters are sent although their leads may already exist.
        self.named = named
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()
        self._results: defaultdict[str, list[Outcome]] = defaultdict(list)
        self._again: dict[str, DeadLetter] = {}

    @property
    def count(self) -> int:
        """The number of letters that failed again."""
        return len(self._again)

    def append(self, letter: DeadLetter, /) -> None:
        """Record that a letter failed again."""
        with self._lock:
            self._again[letter.id or ""] = letter

    def close(self) -> None:
        """Do nothing: nothing is open."""

    def taken(self, incoming: Incoming) -> None:
        """Record that a letter became a record."""
        with self._lock:
            self._taken[incoming.source.letter_id or ""] += 1

    def settled(self, incoming: Incoming, result: Result) -> None:
        """Record the result of a record that did not become a dead letter again."""
        with self._lock:
            self._results[incoming.source.letter_id or ""].append(_OUTCOME_OF_RESULT.get(result, Outcome.SET_ASIDE))

    def of(self, letter: Letter, *, is_over: bool) -> Outcome:
        """Return the outcome of a letter after the run; `is_over` says whether the run took all letters."""
        if letter.id in self._again:
            return Outcome.FAILED
        results = self._results[letter.id]
        if len(results) < self._taken[letter.id]:
            return Outcome.UNSETTLED
        if not results:
            return Outcome.SET_ASIDE if is_over else Outcome.UNSETTLED  # a filter left it out, or it was not reached
        return min(results, key=_WORST_FIRST.index)

    def line_of(self, letter: Letter) -> bytes | None:
        """Return the line that replaces a letter that failed again; it keeps its id and its age."""
        again = self._again.get(letter.id)
        return to_line(dataclasses.replace(again, at=letter.at or again.at)) if again else None


class OutcomeRecorder:
    """Passes records on to the pipeline, and records from which letters they come."""

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
