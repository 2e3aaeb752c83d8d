"""The account that a command uses: the tap's settings, from files or from the tap's own variables."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from seeker_leads_api.accounts import ACCOUNTS_SETTINGS, parse_accounts
from seeker_leads_api.client import ApiClient
from seeker_leads_api.declarations import read
from seeker_leads_api.errors import SettingsError
from seeker_leads_api.settings import CONNECTION_SETTINGS
from seeker_leads_cli.options import config_option
from seeker_leads_singer.config import read_environment, read_files
from seeker_leads_singer.package import plugin_user_agent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from seeker_leads_api.accounts import Account
    from seeker_leads_api.settings import ConnectionSettings

_VARIABLES = "TAP_SEEKER_LEADS_"

CONFIG = config_option("JSON file with settings of the tap. Default: the variables TAP_SEEKER_LEADS_….")


def accounts_of(config_files: Sequence[str]) -> Sequence[Account]:
    """Return the account in the settings, or those in `accounts`.

    Raises:
        SettingsError: a setting is wrong or missing.
    """
    declared = {**CONNECTION_SETTINGS, **ACCOUNTS_SETTINGS}
    config = read_files(config_files) if config_files else read_environment(_VARIABLES, declared)
    return parse_accounts(read(config, declared))


def account_settings(config_files: Sequence[str]) -> ConnectionSettings:
    """Return the connection settings of the only account.

    Raises:
        SettingsError: a setting is wrong or missing, or there are several accounts.
    """
    accounts = accounts_of(config_files)
    if len(accounts) > 1:
        msg = f"This command uses one account, but `accounts` has {len(accounts)}: give it settings without `accounts`"
        raise SettingsError(msg)
    return accounts[0].connection


@contextmanager
def client_of(settings: ConnectionSettings, sleep: Callable[[float], object] = time.sleep) -> Iterator[ApiClient]:
    """Open the client of an account; `sleep` is used for its waits."""
    agent = plugin_user_agent("seeker-leads", settings.user_agent)
    client = ApiClient(settings, agent, report=lambda line: click.echo(line, err=True), sleep=sleep)
    try:
        yield client
    finally:
        client.close()
