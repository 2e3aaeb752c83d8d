"""Webhook subscriptions, kept in memory. The sandbox never calls their URLs and never shows their keys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription; times are Unix seconds."""

    subscription_id: str
    url: str
    api_key: str
    status: str
    created_at: float
    updated_at: float

    def as_json(self) -> dict[str, Any]:
        """Return what the API shows of it."""
        return {
            "subscriptionId": self.subscription_id,
            "url": self.url,
            "status": self.status,
            "createdAt": _iso(self.created_at),
            "updatedAt": _iso(self.updated_at),
        }

    def deleted_as_json(self) -> dict[str, Any]:
        """Return what the API answers when it is deleted."""
        return {**self.as_json(), "message": "The subscription is deleted"}

    def audit_as_json(self) -> dict[str, Any]:
        """Return its audit: as the sandbox calls nobody, no event ever."""
        return {**self.as_json(), "lastSuccessTimestamp": None, "recentEvents": []}


class Subscriptions:
    """The subscriptions of the account, in the order of their making."""

    def __init__(self) -> None:
        self._by_id: dict[str, Subscription] = {}
        self._made = 0

    def all(self) -> list[Subscription]:
        """Return all of them."""
        return list(self._by_id.values())

    def get(self, subscription_id: str) -> Subscription | None:
        """Return one, or None where there is none of that id."""
        return self._by_id.get(subscription_id)

    def create(self, request: dict[str, Any], now: float) -> Subscription:
        """Make one of a valid request."""
        self._made += 1
        subscription = Subscription(
            f"subscription-{self._made}", request["url"], request["apiKey"], request["status"], now, now
        )
        self._by_id[subscription.subscription_id] = subscription
        return subscription

    def update(self, subscription: Subscription, request: dict[str, Any], now: float) -> Subscription:
        """Change its key or status by a valid request."""
        changed = replace(
            subscription,
            api_key=request.get("apiKey", subscription.api_key),
            status=request.get("status", subscription.status),
            updated_at=now,
        )
        self._by_id[subscription.subscription_id] = changed
        return changed

    def delete(self, subscription_id: str) -> None:
        """Delete one that exists."""
        del self._by_id[subscription_id]


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")
