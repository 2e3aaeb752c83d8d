"""The command `rejects`: the dead letters of `rejects_path`."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seeker_leads_cli.age import age
from seeker_leads_cli.options import CONFIG, JSON, example
from seeker_leads_cli.rejects import listing, showing
from seeker_leads_cli.rejects.choosing import Filter, letter_of
from seeker_leads_cli.rejects.export import export as export_letters
from seeker_leads_cli.rejects.letter_file import LetterFile
from seeker_leads_cli.rejects.outcomes import Outcome
from seeker_leads_cli.rejects.purge import purge as purge_letters
from seeker_leads_cli.rejects.retry import retry as retry_letters
from seeker_leads_cli.screen import is_utf8
from seeker_leads_cli.settings import read_config, without_account
from seeker_leads_singer.command import EXIT_FAILED
from target_seeker_leads.singer.singer_json import encode
from target_seeker_leads.target import TargetSeekerLeads

if TYPE_CHECKING:
    from collections import Counter
    from datetime import timedelta

    from seeker_leads_cli.rejects.letters import Contents

_EXAMPLE = """\b
Example:
  seeker-leads rejects list
  seeker-leads rejects export rejects.csv
  seeker-leads rejects retry --from rejects.csv
"""
_DRY_RUN_HELP = "Say what would be done, and do nothing."
_WORDS = {
    Outcome.DELIVERED: "delivered",
    Outcome.DELIVERED_BEFORE: "delivered before",
    Outcome.FAILED: "failed again",
    Outcome.UNKNOWN: "not sent, of unknown outcome",
    Outcome.SET_ASIDE: "not sent, not meant to become leads",
    Outcome.UNSETTLED: "not settled",
}
_UNDONE = (Outcome.FAILED, Outcome.UNSETTLED)


@click.group(short_help="Fix the dead letters, and send them again.", epilog=_EXAMPLE)
def rejects() -> None:
    """See why records were not sent, fix them, and send them again.

    They are in the file of `rejects_path`. An ID is what `list` shows, or its beginning.
    """


@rejects.command("list", short_help="List the dead letters.", epilog=example("rejects list --older-than 90d"))
@click.option("--stream", metavar="NAME", help="Those of this stream.")
@click.option("--rule", metavar="TEXT", help="Those with a reason whose rule holds this text.")
@click.option("--older-than", type=age, metavar="AGE", help="Those older than this: 90d, 12h …")
@JSON
@CONFIG
def list_letters(
    config_files: tuple[str, ...], stream: str | None, rule: str | None, older_than: timedelta | None, *, is_json: bool
) -> None:
    """List the dead letters and their reasons, without anybody's data."""
    contents = _opened(config_files)[1].read()
    wanted, now = Filter(stream, rule, older_than), datetime.now(timezone.utc)
    letters = [letter for letter in contents.letters.values() if wanted.takes(letter, now)]
    if is_json:
        _print_json(listing.as_json(letters))
    else:
        listing.show(letters)
    _tell_of_others(contents)


@rejects.command(short_help="Show a dead letter with all its data.", epilog=example("rejects show r4e85"))
@click.argument("id_", metavar="ID")
@JSON
@CONFIG
def show(config_files: tuple[str, ...], id_: str, *, is_json: bool) -> None:
    """Show a dead letter: its reasons, its record, and the lead that is read in it, each value with its column.

    This prints the person's data.
    """
    target, file = _opened(config_files)
    letter = letter_of(file.read().letters, id_)
    values = showing.values_of(letter, target)
    if is_json:
        _print_json(showing.as_json(letter, values))
    else:
        showing.show(letter, values)


@rejects.command(short_help="Send dead letters again.", epilog=example("rejects retry --from rejects.csv"))
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option(
    "--from", "edited", metavar="FILE", type=click.Path(allow_dash=True), help="With the values of this file."
)
@click.option("--dry-run", is_flag=True, help=_DRY_RUN_HELP)
@JSON
@CONFIG
def retry(
    config_files: tuple[str, ...], ids: tuple[str, ...], edited: str | None, *, dry_run: bool, is_json: bool
) -> None:
    """Send all dead letters again, or those that are named, and take out what is delivered.

    FILE is what `export` made, after somebody fixed it: CSV or .xlsx. A letter whose lead may exist already is sent
    only if its ID is given.
    """
    config = read_config(config_files)
    if dry_run:
        config["dry_run"] = True
    ended: list[Counter[Outcome]] = []

    def tell(counts: Counter[Outcome]) -> None:
        ended.append(counts)
        if is_json:
            _print_json({outcome.value: counts[outcome] for outcome in Outcome})
        else:
            always = (Outcome.DELIVERED, Outcome.FAILED)
            shown = [outcome for outcome in Outcome if counts[outcome] or outcome in always]
            click.echo(", ".join(f"{counts[outcome]:,} {_WORDS[outcome]}" for outcome in shown))

    retry_letters(config, ids, edited, tell)
    if any(counts[outcome] for counts in ended for outcome in _UNDONE):
        sys.exit(EXIT_FAILED)


@rejects.command(
    short_help="Write the dead letters to a CSV to fix them in.", epilog=example("rejects export rejects.csv")
)
@click.argument("file", metavar="FILE", type=click.Path())
@JSON
@CONFIG
def export(config_files: tuple[str, ...], file: str, *, is_json: bool) -> None:
    """Write the dead letters to FILE, a CSV for a spreadsheet, for `retry --from`.

    It holds people's data: only its owner can read it, and you delete it afterwards.
    """
    contents = _opened(config_files)[1].read()
    export_letters([*contents.letters.values()], Path(file))
    if is_json:
        _print_json({"exported": len(contents.letters)})
    else:
        click.echo(f"{len(contents.letters):,} exported")
    _tell_of_others(contents)


@rejects.command(short_help="Delete old dead letters.", epilog=example("rejects purge --older-than 90d --dry-run"))
@click.option("--older-than", type=age, metavar="AGE", required=True, help="Those older than this: 90d, 12h …")
@click.option("--dry-run", is_flag=True, help=_DRY_RUN_HELP)
@JSON
@CONFIG
def purge(config_files: tuple[str, ...], older_than: timedelta, *, dry_run: bool, is_json: bool) -> None:
    """Delete the dead letters that are older. The ledger knows them still, so their source does not bring them back."""
    purged = purge_letters(_opened(config_files)[1], older_than, datetime.now(timezone.utc), dry_run=dry_run)
    if is_json:
        _print_json({"purged": purged, "dry_run": dry_run})
    else:
        click.echo(f"{'Would purge ' if dry_run else 'Purged '}{purged:,}")


def _opened(config_files: tuple[str, ...]) -> tuple[TargetSeekerLeads, LetterFile]:
    """Return the target as its settings make it, for who has no account, and the file of its dead letters."""
    config = read_config(config_files)
    place = {"rejects_path": config["rejects_path"]} if config.get("rejects_path") else {}
    without = {name: value for name, value in without_account(config).items() if name != "rejects_path"}
    target = TargetSeekerLeads(config={**without, **place})
    return target, LetterFile(target.settings.rejects_path)


def _print_json(content: Any) -> None:  # noqa: ANN401  # any JSON
    text = encode(content).decode()
    click.echo(text if is_utf8(sys.stdout) else text.encode("ascii", "backslashreplace").decode())


def _tell_of_others(contents: Contents) -> None:
    if contents.others:
        click.echo(f"{contents.others:,} lines of the file are no dead letters: they stay as they are", err=True)
