"""The command `retention`: applies the legal retention rules to the table that the loader fills."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import click

from seeker_leads_api.errors import SettingsError
from seeker_leads_api.postgres.location import PostgresLocation
from seeker_leads_api.stoppable_pool import StoppablePool
from seeker_leads_api.stopping import Stopping
from seeker_leads_cli.account import CONFIG, account_settings, client_of
from seeker_leads_cli.options import JSON, Decorator, example
from seeker_leads_cli.retention.apply import apply as apply_to
from seeker_leads_cli.retention.as_text import applied_as_json, applied_lines, report_lines, table_lines
from seeker_leads_cli.retention.columns import read_columns, refuse_unnullable
from seeker_leads_cli.retention.database import connected, find_table
from seeker_leads_cli.retention.leads import Leads
from seeker_leads_cli.retention.proof import refuse_several_accounts
from seeker_leads_cli.retention.report import make_report
from seeker_leads_cli.retention.settings import RETENTION_SETTINGS, ApplyOptions, Erased
from seeker_leads_cli.retention.verification import PROBES, LeadLookup
from seeker_leads_singer.command import EXIT_FAILED
from seeker_leads_singer.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import sqlalchemy as sa

_VARIABLES = "SEEKER_LEADS_"
_EXAMPLE = """\b
Example:
  export SEEKER_LEADS_DATABASE_URL=postgresql://user:password@host/database
  seeker-leads retention apply --table seeker_leads.leads --dry-run
  seeker-leads retention report --table seeker_leads.leads
"""


def _option(name: str, kind: click.ParamType[Any] | None = None) -> Decorator:
    declared = RETENTION_SETTINGS[name]
    default = declared.get("default")
    return click.option(
        f"--{name.replace('_', '-')}",
        type=kind,
        envvar=_VARIABLES + name.upper(),
        show_envvar=True,
        default=default,
        show_default=default is not None,
        help=declared["description"],
    )


_DATABASE = _option("database_url")
_TABLE = _option("table")
_DAYS = _option(
    "refresh_days",
    click.IntRange(RETENTION_SETTINGS["refresh_days"]["minimum"], RETENTION_SETTINGS["refresh_days"]["maximum"]),
)
_ERASED = _option("erased", click.Choice([each.value for each in Erased]))


@click.group(short_help="Delete and erase leads as the law requires.", epilog=_EXAMPLE)
def retention() -> None:
    """Delete leads after their ttl, and remove the data of erased people, in the table that a loader fills.

    PostgreSQL only. A row is changed only if the row itself, an earlier erasure or, with --verify, the API proves that
    it must be.
    """


@retention.command(
    short_help="Delete and erase what is due.",
    epilog=example("retention apply --table seeker_leads.leads --dry-run"),
)
@_DATABASE
@_TABLE
@_DAYS
@_ERASED
@click.option("--dry-run", is_flag=True, help="Report what would be changed, and change nothing.")
@click.option(
    "--yes",
    is_flag=True,
    help="Continue even if more than 25 % of the rows are newly erased, or more than 5 % are gone from the API.",
)
@click.option(
    "--verify", "is_verifying", is_flag=True, help="Ask the API for leads that were not read in the last two cycles."
)
@CONFIG
@JSON
@click.pass_context
def apply(  # noqa: PLR0913  # the options above
    context: click.Context,
    database_url: str | None,
    table: str,
    refresh_days: int,
    erased: str,
    *,
    dry_run: bool,
    yes: bool,
    is_verifying: bool,
    config_files: tuple[str, ...],
    is_json: bool,
) -> None:
    """Delete rows past their ttl, remove the personal data of erased people, and record both as evidence.

    This is one transaction, and you can run it any number of times. --verify needs the tap's settings.
    """
    options = ApplyOptions(is_dry_run=dry_run, is_confirmed=yes)
    with ExitStack() as stack:
        lookup = stack.enter_context(_lookup(config_files)) if is_verifying else None
        connection = stack.enter_context(connected(_url(database_url)))
        leads = _leads(connection, table, refresh_days, Erased(erased))
        if is_verifying:
            refuse_several_accounts(leads)
        applied = apply_to(connection, leads, options, lookup)
    _say(applied_lines(applied), applied_as_json(applied) if is_json else None)
    if applied.verified and applied.verified.left:
        left = f"{applied.verified.left:,} rows were left"
        click.echo(f"{left}: --verify needs {PROBES} leads that were read recently, and there are fewer", err=True)
        context.exit(EXIT_FAILED)


@retention.command(
    short_help="Show the figures and the evidence.",
    epilog=example("retention report --table seeker_leads.leads --json"),
)
@_DATABASE
@_TABLE
@_DAYS
@_ERASED
@JSON
def report(database_url: str | None, table: str, refresh_days: int, erased: str, *, is_json: bool) -> None:
    """Show what an auditor asks for: when every lead was last read, what was deleted and erased, and how soon.

    Nothing is changed, and no personal data is shown.
    """
    with connected(_url(database_url)) as connection:
        made = make_report(connection, _leads(connection, table, refresh_days, Erased(erased)))
    _say(report_lines(made), made.as_json() if is_json else None)


def _url(database_url: str | None) -> PostgresLocation:
    if not database_url:
        msg = "`database_url` is not set: give --database-url, or the variable SEEKER_LEADS_DATABASE_URL"
        raise SettingsError(msg)
    return PostgresLocation.parse("database_url", database_url)


def _leads(connection: sa.Connection, written: str, refresh_days: int, erased: Erased) -> Leads:
    schema, name, columns = find_table(connection, written)
    leads = Leads(schema, name, read_columns(f"{schema}.{name}", columns), refresh_days, erased)
    if erased is Erased.SCRUB:
        refuse_unnullable(leads.shown, leads.columns)
    for line in table_lines(leads):
        click.echo(visible(line), err=True)
    return leads


@contextmanager
def _lookup(config_files: tuple[str, ...]) -> Iterator[LeadLookup]:
    settings, stopping = account_settings(config_files), Stopping()
    with (
        client_of(settings, stopping.sleep) as client,
        StoppablePool(settings.max_concurrent_requests, stopping) as pool,
    ):
        yield LeadLookup(client, pool)


def _say(lines: Iterable[str], as_json: dict[str, Any] | None) -> None:
    for line in lines if as_json is None else [json.dumps(as_json, indent=2)]:
        click.echo(visible(line))
