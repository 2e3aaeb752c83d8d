"""The command `webhooks audit`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import click

from seeker_leads_cli.account import CONFIG
from seeker_leads_cli.options import JSON, example
from seeker_leads_cli.screen import printable
from seeker_leads_cli.webhooks.account import chosen, subscriptions_of
from seeker_leads_singer.command import EXIT_FAILED
from seeker_leads_webhooks.subscriptions.audit import Audit, read_audit


@click.command(
    short_help="Show the latest calls and any problems.", epilog=example("webhooks audit --stale-minutes 1440")
)
@click.argument("id_or_url", metavar="[ID-OR-URL]", required=False)
@click.option("--limit", type=click.IntRange(1, 100), default=10, show_default=True, help="Calls per subscription.")
@click.option(
    "--stale-minutes",
    type=click.IntRange(1),
    default=1440,
    show_default=True,
    help="Report a subscription without a successful call for this long.",
)
@CONFIG
@JSON
@click.pass_context
def audit(  # noqa: PLR0913  # one for each option of the command
    context: click.Context,
    id_or_url: str | None,
    config_files: tuple[str, ...],
    *,
    limit: int,
    stale_minutes: int,
    is_json: bool,
) -> None:
    """Show the latest calls of the subscriptions, as the vendor recorded them.

    Exits with 1 if a subscription is INACTIVE or had no successful call for --stale-minutes, or if there is no
    subscription.
    """
    with subscriptions_of(config_files) as api:
        listed = api.list()
        now = datetime.now(timezone.utc)
        audits = [
            read_audit(each, api.audit(each, limit), stale=timedelta(minutes=stale_minutes), now=now)
            for each in (listed if id_or_url is None else chosen(listed, id_or_url))
        ]
    if is_json:
        click.echo(json.dumps([each.as_json() for each in audits], indent=2))
    else:
        for each in audits:
            _show(each)
    if not audits:
        click.echo("There is no subscription: create one with `seeker-leads webhooks ensure URL`", err=True)
    if not audits or any(each.problem for each in audits):
        context.exit(EXIT_FAILED)


def _show(audit: Audit) -> None:
    subscription, last = audit.subscription, audit.last_success
    succeeded = "never" if last is None else f"{last:%Y-%m-%d %H:%M:%S}Z"
    click.echo(f"{printable(subscription.id)}  {subscription.shown_url}  {printable(subscription.status)}")
    click.echo(f"  last success: {succeeded}")
    click.echo(f"  {f'PROBLEM: {audit.problem}' if audit.problem else 'OK'}")
    for event in audit.events:
        click.echo(f"  - {', '.join(f'{name}: {printable(value)}' for name, value in event.items())}")
