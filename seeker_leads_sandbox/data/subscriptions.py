"""Webhook subscriptions and the results of their calls, kept in memory. Keys are never shown."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

_MAX_EVENTS = 100


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription; times are Unix seconds."""

    subscription_id: str
    url: str
    api_key: str = field(repr=False)
    status: str
    created_at: float
    updated_at: float
    last_success_at: float | None = None
    failures_in_a_row: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the subscription as the API shows it."""
        return {
            "subscriptionId": self.subscription_id,
            "url": self.url,
            "status": self.status,
            "createdAt": _iso(self.created_at),
            "updatedAt": _iso(self.updated_at),
        }

    def deleted_as_json(self) -> dict[str, Any]:
        """Return the API's answer to its deletion."""
        return {**self.as_json(), "message": "The subscription is deleted"}


class Subscriptions:
    """The account's subscriptions, in order of creation."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._events: dict[str, deque[dict[str, Any]]] = {}  # newest first
        self._made = 0

    def all(self) -> list[Subscription]:
        """Return all subscriptions."""
        return list(self._by_id.values())

    def get(self, subscription_id: str) -> Subscription | None:
        """Return a subscription, or None if there is none with this id."""
        return self._by_id.get(subscription_id)

    def create(self, request: dict[str, Any], now: float) -> Subscription:
        """Create a subscription from a valid request."""
        self._made += 1
        subscription = Subscription(
            f"subscription-{self._made}", request["url"], request["apiKey"], request["status"], now, now
        )
        self._by_id[subscription.subscription_id] = subscription
        self._events[subscription.subscription_id] = deque(maxlen=_MAX_EVENTS)
        return subscription

    def update(self, subscription: Subscription, request: dict[str, Any], now: float) -> Subscription:
        """Change the key or status according to a valid request."""
        changed = replace(
            subscription,
            api_key=request.get("apiKey", subscription.api_key),
            status=request.get("status", subscription.status),
            updated_at=now,
            failures_in_a_row=0,
        )
        self._by_id[subscription.subscription_id] = changed
        return changed

    def delete(self, subscription_id: str) -> None:
        """Delete an existing subscription."""
        del self._by_id[subscription_id]
        del self._events[subscription_id]

    def record(self, subscription_id: str, answer: int | str, attempt: int, now: float, *, max_failures: int) -> None:
        """Record a call's answer (a status, or a word); `max_failures` failures in a row make it INACTIVE."""
        subscription = self._by_id.get(subscription_id)
        if subscription is None:  # deleted in the meantime
            return
        is_success = isinstance(answer, int) and 200 <= answer < 300  # noqa: PLR2004  # what 2xx means
        event = {"timestamp": _iso(now), "status": "SUCCESS" if is_success else "FAILURE", "attempt": attempt}
        event["statusCode" if isinstance(answer, int) else "error"] = answer
        self._events[subscription_id].appendleft(event)
        if is_success:
            changed = replace(subscription, last_success_at=now, failures_in_a_row=0)
        else:
            changed = replace(subscription, failures_in_a_row=subscription.failures_in_a_row + 1)
            if changed.failures_in_a_row >= max_failures:
                changed = replace(changed, status="INACTIVE", updated_at=now)
        self._by_id[subscription_id] = changed

    def last_calls(self, subscription: Subscription, limit: int) -> list[dict[str, Any]]:
        """Return the results of a subscription's last calls, newest first, as the audit shows them."""
        return list(self._events.get(subscription.subscription_id, ()))[:limit]

    def audit_as_json(self, subscription: Subscription, limit: int) -> dict[str, Any]:
        """Return a subscription's last calls as the API shows them."""
        last = subscription.last_success_at
        return {
            **subscription.as_json(),
            "lastSuccessTimestamp": None if last is None else _iso(last),
            "recentEvents": self.last_calls(subscription, limit),
        }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
