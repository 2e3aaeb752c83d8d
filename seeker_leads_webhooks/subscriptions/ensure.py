"""Ensures that a URL has exactly one subscription with our key, even if several programs do so at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seeker_leads_api.errors import FatalError, RequestRejectedError
from seeker_leads_webhooks.subscriptions.api import ACTIVE, Subscription
from seeker_leads_webhooks.subscriptions.urls import same_url, shown_url

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Other programs may delete and create subscriptions at the same time, so the list is read several times.
_MAX_ATTEMPTS = 5


class Subscriptions(Protocol):
    """The part of the API that is used here."""

    def list(self) -> list[Subscription]:
        """Return all subscriptions."""

    def create(self, url: str, key: str) -> bool:
        """Request a new one once; return whether the API confirmed it."""

    def update(self, subscription: Subscription, *, key: str | None = None, status: str | None = None) -> bool:
        """Change one; return whether it still exists."""

    def delete(self, subscription: Subscription) -> None:
        """Delete one."""


@dataclass(frozen=True, slots=True)
class Ensured:
    """The one subscription of the URL."""

    subscription: Subscription
    is_new: bool
    deleted: int  #: others of the same URL


def ensure(api: Subscriptions, url: str, key: str) -> Ensured:
    """Make sure that exactly one active subscription calls the URL with this key.

    If two programs find no subscription, both may create one. Each of them lists again and keeps the oldest one, which
    is the same for both.

    Raises:
        SeekerLeadsError: the API refuses the subscription, or its answer was lost and the subscription is not listed.
    """
    is_requested, is_new = False, False
    for _ in range(_MAX_ATTEMPTS):
        found = sorted((each for each in api.list() if same_url(each.url, url)), key=_age)
        if found:
            oldest, doubles = found[0], found[1:]
            if api.update(oldest, key=key, status=ACTIVE):
                for double in doubles:
                    api.delete(double)
                return Ensured(_of(api.list(), oldest), is_new, len(doubles))
        elif is_requested:
            break
        else:
            is_requested = True
            is_new = _create(api, url, key)
    msg = (
        f"The subscription of {shown_url(url)} was requested and is not listed: the answer was lost, or the API lists"
        " it later. Run `ensure` again: it requests a second one only if there is none"
    )
    raise FatalError(msg)


def _create(api: Subscriptions, url: str, key: str) -> bool:
    try:
        return api.create(url, key)
    except RequestRejectedError as error:
        # The API may refuse it because another program has just created it. Then it is listed.
        if any(same_url(each.url, url) for each in api.list()):
            return False
        msg = f"{error}. The URL must be one that the vendor can call"
        raise FatalError(msg) from None


def _age(subscription: Subscription) -> tuple[str, str]:
    return subscription.created_at, subscription.id


def _of(listed: Sequence[Subscription], subscription: Subscription) -> Subscription:
    return next((each for each in listed if each.id == subscription.id), subscription)
