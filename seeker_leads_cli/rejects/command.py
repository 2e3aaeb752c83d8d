"""The command `rejects`: the dead letters of `rejects_path`."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seeker_leads_cli.age import age
from seeker_leads_cli.options import CONFIG, JSON, example
from seeker_leads_cli.rejects import details, listing
from seeker_leads_cli.rejects.export import export as export_letters
from seeker_leads_cli.rejects.letter_file import LetterFile
from seeker_leads_cli.rejects.outcomes import Outcome
from seeker_leads_cli.rejects.purge import purge as purge_letters
from seeker_leads_cli.rejects.retry import retry as retry_letters
from seeker_leads_cli.rejects.selection import Filter, letter_of
from seeker_leads_cli.screen import is_utf8, visible_json
from seeker_leads_cli.settings import read_config, without_account
from seeker_leads_singer.command import EXIT_FAILED
from target_seeker_leads.singer.singer_json import encode
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections import Counter
    from datetime import timedelta

    from seeker_leads_cli.rejects.letters import Contents

_DRY_RUN_HELP = "Report what would be done, and do nothing."
_WORDS = {
    Outcome.DELIVERED: "delivered",
    Outcome.DELIVERED_BEFORE: "delivered before",
    Outcome.FAILED: "failed again",
    Outcome.UNKNOWN: "not sent, of unknown outcome",
    Outcome.SET_ASIDE: "not sent, not meant to become leads",
    Outcome.UNSETTLED: "not settled",
}
_UNSUCCESSFUL = (Outcome.FAILED, Outcome.UNSETTLED)


@click.group(
    short_help="Fix the dead letters, and send them again.",
    epilog=example("rejects list", "rejects export rejects.csv", "rejects retry --from rejects.csv"),
)
def rejects() -> None:
    """See why records were not sent, fix them, and send them again.

    The records are in the file of `rejects_path`. An ID is shown by `list`; its beginning is enough if it is unique.
    """


@rejects.command("list", short_help="List the dead letters.", epilog=example("rejects list --older-than 90d"))
@click.option("--stream", metavar="NAME", help="Only letters of this stream.")
@click.option("--rule", metavar="TEXT", help="Only letters with a rule that contains this text.")
@click.option("--older-than", type=age, metavar="AGE", help="Only letters older than this: 90d, 12h …")
@JSON
@CONFIG
def list_letters(
    config_files: tuple[str, ...], stream: str | None, rule: str | None, older_than: timedelta | None, *, is_json: bool
) -> None:
    """List the dead letters and their reasons, without personal data."""
    contents = _opened(config_files)[1].read()
    wanted, now = Filter(stream, rule, older_than), datetime.now(timezone.utc)
    letters = [letter for letter in contents.letters.values() if wanted.matches(letter, now)]
    if is_json:
        _print_json(listing.as_json(letters))
    else:
        listing.show(letters)
    _report_other_lines(contents)


@rejects.command(short_help="Show a dead letter, including personal data.", epilog=example("rejects show r4e85"))
@click.argument("id_", metavar="ID")
@JSON
@CONFIG
def show(config_files: tuple[str, ...], id_: str, *, is_json: bool) -> None:
    """Show a dead letter: its reasons, its record, and the lead read from it, each value with its source column.

    This prints personal data.
    """
    target, file = _opened(config_files)
    letter = letter_of(file.read().letters, id_)
    values = details.values_of(letter, target)
    if is_json:
        _print_json(details.as_json(letter, values))
    else:
        details.show(letter, values)


@rejects.command(short_help="Send dead letters again.", epilog=example("rejects retry --from rejects.csv"))
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--from", "edited", metavar="FILE", type=click.Path(allow_dash=True), help="Use the values in this file.")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN_HELP)
@JSON
@CONFIG
def retry(
    config_files: tuple[str, ...], ids: tuple[str, ...], edited: str | None, *, dry_run: bool, is_json: bool
) -> None:
    """Send all dead letters again, or only those of the IDs, and remove those that are delivered.

    FILE is a file of `export` with your corrections, as CSV or .xlsx. A letter whose lead may already exist is sent
    only if its ID is given.
    """
    config = read_config(config_files)
    if dry_run:
        config["dry_run"] = True
    ended: list[Counter[Outcome]] = []

    def report(counts: Counter[Outcome]) -> None:
        ended.append(counts)
        if is_json:
            _print_json({outcome.value: counts[outcome] for outcome in Outcome})
        else:
            always = (Outcome.DELIVERED, Outcome.FAILED)
            shown = [outcome for outcome in Outcome if counts[outcome] or outcome in always]
            click.echo(", ".join(f"{counts[outcome]:,} {_WORDS[outcome]}" for outcome in shown))

    retry_letters(config, ids, edited, report)
    if any(counts[outcome] for counts in ended for outcome in _UNSUCCESSFUL):
        sys.exit(EXIT_FAILED)


@rejects.command(
    short_help="Export the dead letters to a CSV, to fix them there.", epilog=example("rejects export rejects.csv")
)
@click.argument("file", metavar="FILE", type=click.Path())
@JSON
@CONFIG
def export(config_files: tuple[str, ...], file: str, *, is_json: bool) -> None:
    """Write the dead letters to FILE, a CSV to edit in a spreadsheet and to give to `retry --from`.

    FILE contains personal data: only its owner can read it. Delete it afterwards.
    """
    contents = _opened(config_files)[1].read()
    export_letters([*contents.letters.values()], Path(file))
    if is_json:
        _print_json({"exported": len(contents.letters)})
    else:
        click.echo(f"{len(contents.letters):,} exported")
    _report_other_lines(contents)


@rejects.command(short_help="Delete old dead letters.", epilog=example("rejects purge --older-than 90d --dry-run"))
@click.option("--older-than", type=age, metavar="AGE", required=True, help="Only letters older than this: 90d, 12h …")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN_HELP)
@JSON
@CONFIG
def purge(config_files: tuple[str, ...], older_than: timedelta, *, dry_run: bool, is_json: bool) -> None:
    """Delete old dead letters. The ledger still knows them, so their source does not bring them back."""
    purged = purge_letters(_opened(config_files)[1], older_than, datetime.now(timezone.utc), dry_run=dry_run)
    if is_json:
        _print_json({"purged": purged, "dry_run": dry_run})
    else:
        click.echo(f"{'Would purge ' if dry_run else 'Purged '}{purged:,}")


def _opened(config_files: tuple[str, ...]) -> tuple[TargetSeekerLeads, LetterFile]:
    """Return the target with its settings but without an account, and its file of dead letters."""
    config = read_config(config_files)
    place = {"rejects_path": config["rejects_path"]} if config.get("rejects_path") else {}
    without = {name: value for name, value in without_account(config).items() if name != "rejects_path"}
    target = TargetSeekerLeads(config={**without, **place})
    return target, LetterFile(target.settings.rejects_path)


def _print_json(content: Any) -> None:  # noqa: ANN401  # any JSON
    click.echo(visible_json(encode(content).decode(), ascii_only=not is_utf8(sys.stdout)))


def _report_other_lines(contents: Contents) -> None:
    if contents.others:
        click.echo(f"{contents.others:,} lines of the file are not dead letters: they stay as they are", err=True)
