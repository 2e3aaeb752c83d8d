"""The command `ledger purge`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import click

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.age import age
from seeker_leads_cli.ledger.row_deletion import count_delivered, delete_delivered
from seeker_leads_cli.ledger.sessions import open_ledger
from seeker_leads_cli.options import CONFIG, JSON, example
from seeker_leads_cli.screen import instant, printable
from seeker_leads_cli.settings import read_config, without_need_of_account

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Three years, the legal lifetime of a lead, and a few days: until then, sources may deliver it again.
SAFE_AGE = timedelta(days=1100)


@click.command(
    short_help="Delete old rows of delivered leads.",
    epilog=example("ledger purge --older-than 1200d --dry-run --config config.json"),
)
@click.option(
    "--older-than", required=True, type=age, metavar="AGE", help="Only leads delivered longer ago than this: 1200d."
)
@click.option("--dry-run", is_flag=True, help="Report what would be deleted, and delete nothing.")
@click.option("--force", is_flag=True, help="Allow less than 1100d: leads may be sent again.")
@CONFIG
@JSON
def purge(older_than: timedelta, config_files: tuple[str, ...], *, dry_run: bool, force: bool, is_json: bool) -> None:
    """Delete old rows of delivered leads from the ledger.

    If a source delivers such a lead again, it is sent again. Rows of any other status stay. Runs may continue at the
    same time. If the command is killed, run it again. The file of an SQLite ledger does not shrink, but new rows use
    the free space.
    """
    now = datetime.now(timezone.utc)
    if older_than < SAFE_AGE and not (force or dry_run):
        msg = (
            f"--older-than is less than {SAFE_AGE.days}d: sources may deliver leads of the last three"
            " years again, and those would be sent again. Use --dry-run to see how many, or --force"
        )
        raise SettingsError(msg)
    before = now - older_than
    url = without_need_of_account(read_config(config_files)).ledger_url
    with open_ledger(url, read_only=dry_run) as session:
        counted = count_delivered(session, before)
        young = count_delivered(session, before, since=now - SAFE_AGE)
        _warn(young, is_allowed=force)
        rows = sum(counted.values()) if dry_run else delete_delivered(session, before)
    if is_json:
        answer = {
            "dry_run": dry_run,
            "delivered_before": instant(before),
            "rows": rows,
            "may_be_sent_again": sum(young.values()),
        }
        click.echo(json.dumps(answer, indent=2))
    else:
        done = "Would delete" if dry_run else "Deleted"
        click.echo(f"{done} {rows:,} rows of leads delivered before {instant(before)}")


def _warn(young: Mapping[str, int], *, is_allowed: bool) -> None:
    """Warn on stderr which leads may be sent again, before anything is deleted."""
    if young:
        streams = ", ".join(f"{count:,} of `{printable(stream)}`" for stream, count in young.items())
        needs = "" if is_allowed else ". Without --dry-run, this requires --force"
        click.echo(f"May be sent again if their source delivers them again: {streams}{needs}", err=True)
