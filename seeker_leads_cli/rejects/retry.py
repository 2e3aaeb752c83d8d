"""Letters sent again, by the target's own delivery: its ledger, its limit, its retries."""

from __future__ import annotations

import contextlib
from collections import Counter
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

import click

from seeker_leads_cli.rejects.choosing import letter_of, named
from seeker_leads_cli.rejects.edits import edits_in
from seeker_leads_cli.rejects.letter_file import LetterFile
from seeker_leads_cli.rejects.letters import message_of
from seeker_leads_cli.rejects.outcomes import DONE, Noting, Outcome, Outcomes
from seeker_leads_cli.rejects.reasons import is_unknown
from seeker_leads_cli.send.progress import Progress, log_beside
from seeker_leads_cli.singer_lines import line_stream
from target_seeker_leads.singer.messages import Messages
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from seeker_leads_cli.rejects.letters import Letter

_OR_ELSE = "the ledger knows what was delivered, and nothing is sent twice"


class _Target(TargetSeekerLeads):
    """The target, which notes what becomes of each letter."""

    outcomes: Outcomes

    @cached_property
    def messages(self) -> Messages:
        return Messages(self.mapper, Noting(self.pipeline, self.outcomes), self.config)

    def run(self, file_input: IO[str] | None) -> None:
        """Deliver letters, and say what was done. That all fail again says nothing of the mapping.

        Raises:
            FatalError: not every letter could be settled.
        """
        with contextlib.closing(self.pipeline) as pipeline:
            self.listen(file_input)
            pipeline.settle()


def retry(
    config: Mapping[str, Any], ids: Sequence[str], edited: str | None, tell: Callable[[Counter[Outcome]], object]
) -> None:
    """Send letters again, as they are or as a file says, and `tell` what became of them, whatever the end.

    What is delivered is taken out of the file, and what fails again is there once, with the new reasons. In a dry run
    nothing is sent or changed, and nothing is told.

    Raises:
        SettingsError: a setting, an id or the file is wrong; nothing was sent.
        FatalError: not every letter could be settled, or the file could not be changed.
    """
    # A bound is for what a source gives; here it would leave letters unsent that have nothing to do with each other.
    target = _Target(config={name: value for name, value in config.items() if name != "max_rejects"})
    file = LetterFile(target.settings.rejects_path)
    is_dry = target.settings.dry_run
    stored = (file.read() if is_dry else file.read_to_change()).letters
    chosen = _chosen(stored, ids, edited)
    named_ids = frozenset(chosen) if ids else frozenset()
    _warn_of_doubles(letter for id_, letter in chosen.items() if id_ in named_ids)
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
            _name_unknown(became)
            tell(Counter(became.values()))


def _chosen(letters: Mapping[str, Letter], ids: Sequence[str], edited: str | None) -> dict[str, Letter]:
    if edited is not None:
        edits = edits_in(edited, letters)
        letters = {letter.id: letter for letter in edits.letters}
        if edits.gone:
            click.echo(
                f"Passed over {len(edits.gone):,} rows: their letters are delivered or purged by now"
                f" ({named(edits.gone)})",
                err=True,
            )
    if not ids:
        return dict(letters)
    return {letter.id: letter for letter in (letter_of(letters, id_) for id_ in ids)}


def _warn_of_doubles(letters: Iterable[Letter]) -> None:
    unknown = [letter.id for letter in letters if is_unknown(letter)]
    if unknown:
        click.echo(
            f"The lead of {named(unknown)} may exist already: it is sent, since you named it, and may exist twice then",
            err=True,
        )


def _run(target: _Target, letters: Collection[Letter]) -> None:
    progress = Progress(len(letters))
    # Of two letters with one key the newer one has the better words, and the first one counts.
    lines = map(message_of, reversed([*letters]))
    with log_beside(progress):
        target.run(line_stream(progress.count(lines)))  # type: ignore[arg-type]  # the SDK says text; the reader takes bytes


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
        file.change(change, _OR_ELSE)


def _name_unknown(became: Mapping[str, Outcome]) -> None:
    unknown = [id_ for id_, outcome in became.items() if outcome is Outcome.UNKNOWN]
    if unknown:
        click.echo(
            f"Not sent, since their leads may exist: {named(unknown)}. Look at the agency first; then"
            " `seeker-leads rejects retry ID` sends one, whether it exists or not",
            err=True,
        )
