"""Sends letters again through the target's own delivery, with its ledger, rate limit and retries."""

from __future__ import annotations

import contextlib
from collections import Counter
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

import click

from seeker_leads_cli.rejects.edits import edits_in
from seeker_leads_cli.rejects.letter_file import LetterFile
from seeker_leads_cli.rejects.letters import message_of
from seeker_leads_cli.rejects.outcomes import DONE, Outcome, OutcomeRecorder, Outcomes
from seeker_leads_cli.rejects.reasons import is_unknown
from seeker_leads_cli.rejects.selection import letter_of, listed_ids
from seeker_leads_cli.send.progress import Progress, log_beside
from seeker_leads_cli.singer_lines import line_stream
from target_seeker_leads.singer.messages import Messages
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from seeker_leads_cli.rejects.letters import Letter

_FAILURE_NOTE = "the ledger knows what was delivered, and nothing is sent twice"


class _Target(TargetSeekerLeads):
    """The target, which also records the outcome of each letter."""

    outcomes: Outcomes

    @cached_property
    def messages(self) -> Messages:
        return Messages(self.mapper, OutcomeRecorder(self.pipeline, self.outcomes), self.config)

    def run(self, file_input: IO[str] | None) -> None:
        """Deliver letters and report the counts. Unlike in other runs, it is not an error if all letters are rejected.

        Raises:
            FatalError: not every letter could be settled.
        """
        with contextlib.closing(self.pipeline) as pipeline:
            self.listen(file_input)
            pipeline.settle()


def retry(
    config: Mapping[str, Any], ids: Sequence[str], edited: str | None, report: Callable[[Counter[Outcome]], object]
) -> None:
    """Send letters again, as they are or with the values of a file, and `report` the outcomes even after an error.

    Delivered letters are removed from the file. A letter that fails again stays once, with the new reasons. A dry run
    sends, changes and reports nothing.

    Raises:
        SettingsError: a setting, an id or the file is wrong; nothing was sent.
        FatalError: not every letter could be settled, or the file could not be changed.
    """
    # `max_rejects` is a limit for the records of a source; here, it would leave unrelated letters unsent.
    target = _Target(config={name: value for name, value in config.items() if name != "max_rejects"})
    file = LetterFile(target.settings.rejects_path)
    is_dry = target.settings.dry_run
    stored = (file.read() if is_dry else file.read_to_change()).letters
    chosen = _chosen(stored, ids, edited)
    named_ids = frozenset(chosen) if ids else frozenset()
    _warn_of_duplicates(letter for id_, letter in chosen.items() if id_ in named_ids)
    fed = {id_: letter for id_, letter in chosen.items() if id_ in named_ids or not is_unknown(letter)}
    outcomes = Outcomes(named_ids)
    target.outcomes = target.dead_letters = outcomes
    target.on_result = outcomes.settled
    is_over = False
    try:
        if fed:
            _run(target, fed.values())
        is_over = True
    finally:
        if not is_dry:
            became = {id_: outcomes.of(letter, is_over=is_over) for id_, letter in fed.items()}
            became |= dict.fromkeys(chosen.keys() - fed.keys(), Outcome.UNKNOWN)
            _change(file, became, outcomes)
            _report_unknown(became)
            report(Counter(became.values()))


def _chosen(letters: Mapping[str, Letter], ids: Sequence[str], edited: str | None) -> dict[str, Letter]:
    if edited is not None:
        edits = edits_in(edited, letters)
        letters = {letter.id: letter for letter in edits.letters}
        if edits.gone:
            click.echo(
                f"Skipped {len(edits.gone):,} rows whose letters were delivered or purged ({listed_ids(edits.gone)})",
                err=True,
            )
    if not ids:
        return dict(letters)
    return {letter.id: letter for letter in (letter_of(letters, id_) for id_ in ids)}


def _warn_of_duplicates(letters: Iterable[Letter]) -> None:
    unknown = [letter.id for letter in letters if is_unknown(letter)]
    if unknown:
        click.echo(
            f"The lead of {listed_ids(unknown)} may already exist: it is sent because you gave its ID,"
            " and may exist twice",
            err=True,
        )


def _run(target: _Target, letters: Collection[Letter]) -> None:
    progress = Progress(len(letters))
    # Of two letters with the same key, only the first one counts. The newer one has the newer values, so it goes first.
    lines = map(message_of, reversed([*letters]))
    with log_beside(progress):
        target.run(line_stream(progress.count(lines)))  # type: ignore[arg-type]  # the SDK declares text; the reader takes bytes


def _change(file: LetterFile, became: Mapping[str, Outcome], outcomes: Outcomes) -> None:
    replaced: set[str] = set()

    def change(letter: Letter) -> Letter | bytes | None:
        outcome = became.get(letter.id)
        if outcome in DONE or letter.id in replaced:
            return None
        line = outcomes.line_of(letter) if outcome is Outcome.FAILED else None
        if line is None:
            return letter
        replaced.add(letter.id)
        return line

    if not DONE.isdisjoint(became.values()) or outcomes.count:
        file.change(change, _FAILURE_NOTE)


def _report_unknown(became: Mapping[str, Outcome]) -> None:
    unknown = [id_ for id_, outcome in became.items() if outcome is Outcome.UNKNOWN]
    if unknown:
        click.echo(
            f"Not sent, since their leads may exist: {listed_ids(unknown)}. Check with the agency first; then"
            " `seeker-leads rejects retry ID` sends a lead even if it exists",
            err=True,
        )
