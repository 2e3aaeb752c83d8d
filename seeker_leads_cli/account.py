"""The account that a command asks: the tap's settings, from files or from the tap's own variables."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from seeker_leads_api.client import ApiClient
from seeker_leads_api.declarations import read
from seeker_leads_api.settings import CONNECTION_SETTINGS, ConnectionSettings
from seeker_leads_singer.config import read_environment, read_files
from seeker_leads_singer.package import plugin_user_agent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VARIABLES = "TAP_SEEKER_LEADS_"

CONFIG = click.option(
    "--config",
    "config_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(),
    help="Settings of the tap, as JSON. Default: the variables TAP_SEEKER_LEADS_….",
)


def account_settings(config_files: Sequence[str]) -> ConnectionSettings:
    """Return how to reach the account.

    Raises:
        SettingsError: a setting is wrong or missing.
    """
    given = read_files(config_files) if config_files else read_environment(_VARIABLES, CONNECTION_SETTINGS)
    return ConnectionSettings.from_config(read(given, CONNECTION_SETTINGS))


@contextmanager
def client_of(settings: ConnectionSettings) -> Iterator[ApiClient]:
    """Open the client of an account."""
    agent = plugin_user_agent("seeker-leads", settings.user_agent)
    client = ApiClient(settings, agent, report=lambda line: click.echo(line, err=True))
    try:
        yield client
    finally:
        client.close()
