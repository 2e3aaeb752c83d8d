"""The account whose subscriptions they are: the tap's settings, from files or from the tap's own variables."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS, parse_accounts
from seeker_leads_api.client import ApiClient
from seeker_leads_api.declarations import read
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.settings import CONNECTION_SETTINGS
from seeker_leads_singer.config import read_environment, read_files
from seeker_leads_singer.package import plugin_user_agent
from seeker_leads_webhooks.keys import KEY_VARIABLE
from seeker_leads_webhooks.subscriptions.api import Subscription, SubscriptionsApi
from seeker_leads_webhooks.subscriptions.urls import same_url, wanted_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seeker_leads_api.accounts import Account

_VARIABLES = "TAP_SEEKER_LEADS_"
#: Where click keeps the label that `--account` gives.
ACCOUNT = "seeker_leads_cli.webhooks.account"

CONFIG = click.option(
    "--config",
    "config_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Settings of the tap, as JSON. Default: the variables TAP_SEEKER_LEADS_….",
)
JSON = click.option("--json", "is_json", is_flag=True, help="Print JSON, in a shape that stays.")


@contextmanager
def subscriptions_of(config_files: Sequence[str]) -> Iterator[SubscriptionsApi]:
    """Open the account's subscriptions.

    Raises:
        SettingsError: a setting is wrong or missing.
    """
    declared = {**CONNECTION_SETTINGS, **ACCOUNTS_SETTINGS}
    given = read_files(config_files) if config_files else read_environment(_VARIABLES, declared)
    settings = _chosen_account(parse_accounts(read(given, declared))).connection
    agent = plugin_user_agent("seeker-leads", settings.user_agent)
    client = ApiClient(settings, agent, report=lambda line: click.echo(line, err=True))
    try:
        yield SubscriptionsApi(client)
    finally:
        client.close()


def _chosen_account(accounts: Sequence[Account]) -> Account:
    """Return the account that `--account` names; without it, the only one that there is."""
    label: str | None = click.get_current_context().meta.get(ACCOUNT)
    if label is None and len(accounts) == 1:
        return accounts[0]
    found = [account for account in accounts if account.label == label and label is not None]
    if not found:
        msg = (
            f"There are {len(accounts)} accounts: name one, as in `seeker-leads webhooks --account LABEL list`"
            if label is None
            else f"`accounts` has no label {label!r}: see --account"
        )
        raise SettingsError(msg)
    return found[0]


def chosen(listed: Sequence[Subscription], id_or_url: str | None) -> list[Subscription]:
    """Return the subscriptions of that id or URL; without one, the only one that there is.

    Raises:
        SettingsError: there is none, or there are several to choose from.
    """
    if id_or_url is None:
        if len(listed) == 1:
            return list(listed)
        count = f"are {len(listed)} subscriptions: name one by its id or URL" if listed else "is no subscription"
        msg = f"There {count}, see `seeker-leads webhooks list`"
        raise SettingsError(msg)
    if found := [each for each in listed if each.id == id_or_url]:
        return found
    if "://" in id_or_url:
        url = wanted_url(id_or_url, os.environ.get(KEY_VARIABLE) or None)
        found = [each for each in listed if same_url(each.url, url)]
    if not found:
        msg = "There is no subscription of this id or URL: see `seeker-leads webhooks list`"
        raise SettingsError(msg)
    return found
