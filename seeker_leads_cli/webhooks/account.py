"""The subscriptions of the account that the tap's settings name."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.account import accounts_of, client_of
from seeker_leads_webhooks.keys import KEY_VARIABLE
from seeker_leads_webhooks.subscriptions.api import Subscription, SubscriptionsApi
from seeker_leads_webhooks.subscriptions.urls import same_url, wanted_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seeker_leads_api.accounts import Account

#: Where click keeps the label that `--account` gives.
ACCOUNT = "seeker_leads_cli.webhooks.account"


@contextmanager
def subscriptions_of(config_files: Sequence[str]) -> Iterator[SubscriptionsApi]:
    """Open the account's subscriptions.

    Raises:
        SettingsError: a setting is wrong or missing.
    """
    with client_of(_chosen_account(accounts_of(config_files)).connection) as client:
        yield SubscriptionsApi(client)


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
