"""One subscription for a URL, with our key, however often it is asked for and by how many programs at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from seeker_leads_api.errors import FatalError, RequestRejectedError
from seeker_leads_webhooks.subscriptions.api import ACTIVE, Subscription
from seeker_leads_webhooks.subscriptions.urls import same_url, shown_url

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Others may delete and make subscriptions meanwhile; so often it is worth looking again.
_MOST_LOOKS = 5


class Subscriptions(Protocol):
    """What is needed of the API."""

    def list(self) -> list[Subscription]:
        """Return all subscriptions."""

    def create(self, url: str, key: str) -> bool:
        """Ask once for a new one; return whether the API said that it made it."""

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
    """Make sure that one active subscription calls the URL, with this key.

    Two programs that both found none may both make one. Each looks again and keeps the oldest, which is the same one
    for both.

    Raises:
        SeekerLeadsError: the API does not let it be made, or its answer was lost and it is not listed.
    """
    is_asked_for, is_new = False, False
    for _ in range(_MOST_LOOKS):
        found = sorted((each for each in api.list() if same_url(each.url, url)), key=_age)
        if found:
            oldest, doubles = found[0], found[1:]
            if api.update(oldest, key=key, status=ACTIVE):
                for double in doubles:
                    api.delete(double)
                return Ensured(_of(api.list(), oldest), is_new, len(doubles))
        elif is_asked_for:
            break
        else:
            is_asked_for = True
            is_new = _create(api, url, key)
    msg = (
        f"The subscription of {shown_url(url)} was asked for and is not listed: its answer was lost, or the API lists"
        " it later. Run `ensure` again, which asks for a second one only if there is none"
    )
    raise FatalError(msg)


def _create(api: Subscriptions, url: str, key: str) -> bool:
    try:
        return api.create(url, key)
    except RequestRejectedError as error:
        # It may be refused since somebody else has just made it: then it is listed.
        if any(same_url(each.url, url) for each in api.list()):
            return False
        msg = f"{error}. The URL must be one that the vendor can call"
        raise FatalError(msg) from None


def _age(subscription: Subscription) -> tuple[str, str]:
    return subscription.created_at, subscription.id


def _of(listed: Sequence[Subscription], subscription: Subscription) -> Subscription:
    return next((each for each in listed if each.id == subscription.id), subscription)
