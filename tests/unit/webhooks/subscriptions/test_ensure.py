from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from seeker_leads_api.errors import FatalError, RequestRejectedError
from seeker_leads_webhooks.subscriptions.api import Subscription
from seeker_leads_webhooks.subscriptions.ensure import ensure

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://leads.example.com/hook?key=secret-of-the-url"


@dataclass
class Account:
    """Subscriptions in memory; `before_create` is what other programs do between our list and our request."""

    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    before_create: Callable[[], object] | None = None
    loses_answers: bool = False
    refuses: bool = False
    forgets: bool = False  # does not list what was created
    asked: int = 0

    def list(self) -> list[Subscription]:
        return list(self.subscriptions.values())

    def create(self, url: str, key: str) -> bool:
        self.asked += 1
        others, self.before_create = self.before_create, None
        if others:
            others()
        if self.refuses:
            msg = "POST /webhook/subscriptions answered 409"
            raise RequestRejectedError(msg)
        if not self.forgets:
            made = f"subscription-{len(self.keys) + 1}"
            at = f"2026-11-25T10:00:{len(self.keys):02}Z"
            self.subscriptions[made] = Subscription(made, url, "ACTIVE", at, at)
            self.keys[made] = key
        return not self.loses_answers

    def update(self, subscription: Subscription, *, key: str | None = None, status: str | None = None) -> bool:
        if subscription.id not in self.subscriptions:
            return False
        self.keys[subscription.id] = key or self.keys[subscription.id]
        if status:
            self.subscriptions[subscription.id] = replace(subscription, status=status)
        return True

    def delete(self, subscription: Subscription) -> None:
        self.subscriptions.pop(subscription.id, None)


def test_subscription_is_made_once() -> None:
    """`ensure` can run any number of times; each time the subscription gets the key and is active."""
    account = Account()
    first = ensure(account, URL, "old key")
    account.update(first.subscription, status="INACTIVE")
    second = ensure(account, "HTTPS://Leads.example.com:443/hook?key=secret-of-the-url", "new key")
    assert (first.is_new, second.is_new, account.asked) == (True, False, 1)
    assert account.keys == {"subscription-1": "new key"}
    assert second.subscription.status == "ACTIVE"


def test_other_urls_are_left_alone() -> None:
    """A URL with another path or query has a subscription of its own."""
    account = Account()
    ensure(account, "https://leads.example.com/hook", "key")
    ensure(account, "https://leads.example.com/other", "key")
    ensure(account, URL, "key")
    assert len(account.list()) == 3


def test_lost_answer_leads_to_no_second_subscription() -> None:
    """The new subscription is found in the list; the request is not repeated."""
    account = Account(loses_answers=True)
    assert ensure(account, URL, "key").subscription.id == "subscription-1"
    assert account.asked == 1


def test_lost_request_is_reported_and_not_repeated() -> None:
    """If nothing is listed, the user runs `ensure` again; the message hides the query."""
    account = Account(loses_answers=True, forgets=True)
    with pytest.raises(FatalError, match="Run `ensure` again") as caught:
        ensure(account, URL, "key")
    assert account.asked == 1
    assert "secret-of-the-url" not in str(caught.value)


@pytest.mark.parametrize("refuses", [False, True])
def test_two_programs_at_once_leave_one_subscription(refuses: bool) -> None:  # noqa: FBT001  # a parameter
    """If both find none and both request one, one is left with our key, whether or not the API accepts the second."""
    account = Account()

    def other() -> None:
        ensure(account, URL, "key")
        account.refuses = refuses

    account.before_create = other
    ensured = ensure(account, URL, "key")
    assert [each.id for each in account.list()] == ["subscription-1"]
    assert ensured.subscription.id == "subscription-1"
    assert ensured.deleted == (0 if refuses else 1)


def test_refusal_names_the_fix() -> None:
    """If the vendor refuses the URL, no subscription is listed, and the message says what the URL must be."""
    with pytest.raises(FatalError, match=r"409\. The URL must be one that the vendor can call"):
        ensure(Account(refuses=True), URL, "key")
