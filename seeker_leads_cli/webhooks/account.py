"""The account of the subscriptions: the tap's settings, from files or from the tap's environment variables."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from seeker_leads_api.client import ApiClient
from seeker_leads_api.declarations import read
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.settings import CONNECTION_SETTINGS, ConnectionSettings
from seeker_leads_singer.config import read_environment, read_files
from seeker_leads_singer.package import plugin_user_agent
from seeker_leads_webhooks.keys import KEY_VARIABLE
from seeker_leads_webhooks.subscriptions.api import Subscription, SubscriptionsApi
from seeker_leads_webhooks.subscriptions.urls import same_url, wanted_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VARIABLES = "TAP_SEEKER_LEADS_"

CONFIG = click.option(
    "--config",
    "config_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="JSON file with settings of the tap. Default: the variables TAP_SEEKER_LEADS_….",
)


@contextmanager
def subscriptions_of(config_files: Sequence[str]) -> Iterator[SubscriptionsApi]:
    """Open the account's subscriptions.

    Raises:
        SettingsError: a setting is wrong or missing.
    """
    given = read_files(config_files) if config_files else read_environment(_VARIABLES, CONNECTION_SETTINGS)
    settings = ConnectionSettings.from_config(read(given, CONNECTION_SETTINGS))
    agent = plugin_user_agent("seeker-leads", settings.user_agent)
    client = ApiClient(settings, agent, report=lambda line: click.echo(line, err=True))
    try:
        yield SubscriptionsApi(client)
    finally:
        client.close()


def chosen(listed: Sequence[Subscription], id_or_url: str | None) -> list[Subscription]:
    """Return the subscriptions with this id or URL; if it is None, the account's only subscription.

    Raises:
        SettingsError: there is no such subscription, or there are several and none is named.
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
        msg = "There is no subscription with this id or URL: see `seeker-leads webhooks list`"
        raise SettingsError(msg)
    return found
