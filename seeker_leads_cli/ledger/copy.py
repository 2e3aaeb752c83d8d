"""The command `ledger copy`."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

import click

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.ledger.row_copy import copy_rows
from seeker_leads_cli.ledger.sessions import open_ledger, open_or_create
from seeker_leads_cli.options import CONFIG, JSON, example
from seeker_leads_cli.screen import printable, show_table
from seeker_leads_cli.settings import read_config, without_need_of_account
from target_seeker_leads.ledger.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = "SEEKER_LEADS_NEW_LEDGER_URL"


@click.command(
    "copy",
    short_help="Copy the ledger to another database.",
    epilog=example("ledger copy postgresql://user@host/database --config config.json"),
)
@click.argument("new_url", metavar="NEW_URL", envvar=_VARIABLE)
@CONFIG
@JSON
def copy_ledger(new_url: str, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Copy every row of the ledger to NEW_URL: from SQLite to PostgreSQL, back, or to another file.

    NEW_URL has the form of `ledger_url`. Other users of this machine can see a command line, so put a URL with a
    password into SEEKER_LEADS_NEW_LEDGER_URL instead. Stop the runs first. Either all rows are copied or none, and you
    can run the command again. A ledger that contains other rows is refused. The old ledger does not change. Set
    `ledger_url` to NEW_URL before the next run.
    """
    old_url = without_need_of_account(read_config(config_files)).ledger_url
    with open_ledger(old_url, read_only=False) as source, _named_new_url():
        location = Location.parse(new_url)
        if location == source.location:
            msg = "NEW_URL is the ledger itself: give another URL"
            raise SettingsError(msg)
        with open_or_create(location) as new:
            copied = copy_rows(source, new)
    if is_json:
        counts = [
            {"stream": stream, "status": status, "rows": rows} for (stream, status), rows in copied.counts.items()
        ]
        answer = {
            "from": source.location.shown,
            "to": location.shown,
            "rows": sum(copied.counts.values()),
            "copied": copied.copied,
            "already_there": copied.already_there,
            "counts": counts,
        }
        click.echo(json.dumps(answer, indent=2))
        return
    there = f" ({copied.already_there:,} were there already)" if copied.already_there else ""
    click.echo(f"Copied {copied.copied:,} rows from {source.location.shown} to {location.shown}{there}. Both hold:")
    rows = [(printable(stream), status, str(count)) for (stream, status), count in copied.counts.items()]
    show_table(("stream", "status", "rows"), rows)
    click.echo("Set `ledger_url` to the new ledger before the next run: it does not know what is sent with the old one")


@contextlib.contextmanager
def _named_new_url() -> Iterator[None]:
    """Make errors about the new URL name NEW_URL instead of the setting.

    Raises:
        SettingsError: the same error, with the other name.
    """
    try:
        yield
    except SettingsError as error:
        raise SettingsError(str(error).replace("`ledger_url`", "NEW_URL")) from None
