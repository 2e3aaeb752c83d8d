"""The subscriptions of the account that the tap's settings name."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from seeker_leads_api.errors import SettingsError
from seeker_leads_cli.account import account_settings, client_of
from seeker_leads_webhooks.keys import KEY_VARIABLE
from seeker_leads_webhooks.subscriptions.api import Subscription, SubscriptionsApi
from seeker_leads_webhooks.subscriptions.urls import same_url, wanted_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@contextmanager
def subscriptions_of(config_files: Sequence[str]) -> Iterator[SubscriptionsApi]:
    """Open the account's subscriptions.

    Raises:
        SettingsError: a setting is wrong or missing.
    """
    with client_of(account_settings(config_files)) as client:
        yield SubscriptionsApi(client)


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
