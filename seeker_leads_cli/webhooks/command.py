"""The command `webhooks`: the subscriptions of an account, and the receiver."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from seeker_leads_api.errors import FatalError
from seeker_leads_cli.account import CONFIG
from seeker_leads_cli.options import JSON, example
from seeker_leads_cli.screen import printable, show_table
from seeker_leads_cli.webhooks.account import ACCOUNT, chosen, subscriptions_of
from seeker_leads_cli.webhooks.audit import audit
from seeker_leads_cli.webhooks.serve import serve
from seeker_leads_webhooks.keys import KEY_VARIABLE, WebhookKeys
from seeker_leads_webhooks.subscriptions.api import ACTIVE, INACTIVE
from seeker_leads_webhooks.subscriptions.ensure import ensure as ensure_subscription
from seeker_leads_webhooks.subscriptions.urls import shown_url, wanted_url

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seeker_leads_webhooks.subscriptions.api import Subscription

_EXAMPLE = f"""\b
Example:
  export {KEY_VARIABLE}=$(openssl rand -hex 32)
  seeker-leads webhooks serve --run 'meltano run tap-seeker-leads target-postgres'
  seeker-leads webhooks ensure https://leads.example.com/
"""

_ID_OR_URL = click.argument("id_or_url", metavar="[ID-OR-URL]", required=False)


@click.group(short_help="Load new leads within seconds.", epilog=_EXAMPLE)
@click.option("--account", metavar="LABEL", help="The label of the account, with the setting `accounts`.")
@click.pass_context
def webhooks(context: click.Context, account: str | None) -> None:
    """Run the pipeline when the vendor calls for a new lead.

    A call is only a signal: the pipeline reads from the API as always, so a lost or forged call never loses a lead.
    """
    context.meta[ACCOUNT] = account


@webhooks.command("list", short_help="List the subscriptions.", epilog=example("webhooks list --config config.json"))
@CONFIG
@JSON
def list_subscriptions(config_files: tuple[str, ...], *, is_json: bool) -> None:
    """List the subscriptions of the account. URL queries are not shown, since they may contain a key."""
    with subscriptions_of(config_files) as api:
        _show(api.list(), is_json=is_json)


@webhooks.command(
    short_help="Make sure that a URL is called.", epilog=example("webhooks ensure https://leads.example.com/")
)
@click.argument("url")
@CONFIG
@JSON
def ensure(url: str, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Make sure that one active subscription calls URL, with the key of SEEKER_LEADS_WEBHOOK_API_KEY.

    You can run it any number of times. {key} in the URL is replaced by the key.
    """
    key = WebhookKeys.from_environment(os.environ).current
    url = wanted_url(url, key)
    with subscriptions_of(config_files) as api:
        ensured = ensure_subscription(api, url, key)
    if ensured.deleted:
        click.echo(f"Deleted {ensured.deleted} other subscriptions of {shown_url(url)}", err=True)
    _show([ensured.subscription], is_json=is_json)


@webhooks.command("rotate-key", short_help="Give a subscription the new key.", epilog=example("webhooks rotate-key"))
@_ID_OR_URL
@CONFIG
@JSON
def rotate_key(id_or_url: str | None, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Give a subscription the key of SEEKER_LEADS_WEBHOOK_API_KEY.

    First restart the receiver with this key, and with the old one in SEEKER_LEADS_WEBHOOK_PREVIOUS_API_KEY: it accepts
    both, so that no call is missed.
    """
    key = WebhookKeys.from_environment(os.environ).current
    _update(config_files, id_or_url, is_json=is_json, key=key)


@webhooks.command(short_help="Pause the calls.", epilog=example("webhooks pause https://leads.example.com/"))
@_ID_OR_URL
@CONFIG
@JSON
def pause(id_or_url: str | None, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Set a subscription to INACTIVE: no calls until `resume`."""
    _update(config_files, id_or_url, is_json=is_json, status=INACTIVE)


@webhooks.command(short_help="Resume the calls.", epilog=example("webhooks resume https://leads.example.com/"))
@_ID_OR_URL
@CONFIG
@JSON
def resume(id_or_url: str | None, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Set a subscription to ACTIVE."""
    _update(config_files, id_or_url, is_json=is_json, status=ACTIVE)


@webhooks.command(short_help="Delete a subscription.", epilog=example("webhooks delete https://leads.example.com/"))
@click.argument("id_or_url", metavar="ID-OR-URL")
@CONFIG
@JSON
def delete(id_or_url: str, config_files: tuple[str, ...], *, is_json: bool) -> None:
    """Delete the subscription with this id, or all subscriptions of this URL."""
    with subscriptions_of(config_files) as api:
        deleted = chosen(api.list(), id_or_url)
        for subscription in deleted:
            api.delete(subscription)
    _show(deleted, is_json=is_json)


def _update(
    config_files: Sequence[str],
    id_or_url: str | None,
    *,
    is_json: bool,
    key: str | None = None,
    status: str | None = None,
) -> None:
    with subscriptions_of(config_files) as api:
        changed = chosen(api.list(), id_or_url)
        for subscription in changed:
            if not api.update(subscription, key=key, status=status):
                msg = f"The subscription {printable(subscription.id)} no longer exists: nothing was changed"
                raise FatalError(msg)
        ids = {subscription.id for subscription in changed}
        _show([each for each in api.list() if each.id in ids], is_json=is_json)


def _show(subscriptions: Sequence[Subscription], *, is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps([each.as_json() for each in subscriptions], indent=2))
    elif not subscriptions:
        click.echo("There is no subscription.")
    else:
        rows = [each.as_json() for each in subscriptions]
        show_table(list(rows[0]), [[printable(value) for value in row.values()] for row in rows])


webhooks.add_command(audit)
webhooks.add_command(serve)
