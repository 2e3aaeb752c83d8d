"""The account's subscriptions over the API. All formats of answers that the vendor's pages leave open are accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from seeker_leads_api.errors import AnswerLostError, FatalError, RetryableError, UnreadableAnswerError
from seeker_leads_webhooks.subscriptions.urls import shown_url

if TYPE_CHECKING:
    import requests

    from seeker_leads_api.client import ApiClient

ACTIVE, INACTIVE = "ACTIVE", "INACTIVE"
_PATH = "/webhook/subscriptions"


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription. Times are as the API writes them."""

    id: str
    url: str = field(repr=False)  #: may contain a key
    status: str
    created_at: str
    updated_at: str

    @property
    def shown_url(self) -> str:
        """The URL without what may be a key."""
        return shown_url(self.url)

    def as_json(self) -> dict[str, str]:
        """Return the subscription as commands print it."""
        return {
            "id": self.id,
            "url": self.shown_url,
            "status": self.status,
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        }


class SubscriptionsApi:
    """Each method raises a SeekerLeadsError with the reason if the API does not do what was requested."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def list(self) -> list[Subscription]:
        """Return all subscriptions.

        An answer that is not understood is an error: `ensure` would create another subscription in each of its runs.
        """
        content = self._read(_PATH, {})
        items = content.get("items") if isinstance(content, dict) else content or []
        if not isinstance(items, list) or not all(isinstance(item, dict) and _id(item) for item in items):
            msg = f"GET {_PATH}: the answer is not a list of subscriptions with their ids: report it to the vendor"
            raise FatalError(msg)
        return [_subscription(item) for item in items]

    def create(self, url: str, key: str) -> bool:
        """Request a new subscription once; return whether the API confirmed it.

        A request of unknown outcome, or one that the API rejects, is never repeated: list the subscriptions instead.
        """

        def attempt(token: str) -> bool:
            with self._client.limiter.attempt():
                body = {"url": url, "apiKey": key, "status": ACTIVE}
                try:
                    self._client.post(_PATH, body, token=token)
                except (AnswerLostError, UnreadableAnswerError):
                    return False
            return True

        return self._client.retried(attempt)

    def update(self, subscription: Subscription, *, key: str | None = None, status: str | None = None) -> bool:
        """Change key or status; return whether the subscription still exists."""
        body = {name: value for name, value in (("apiKey", key), ("status", status)) if value is not None}
        return self._change("PUT", subscription, body)

    def delete(self, subscription: Subscription) -> None:
        """Delete a subscription, if it still exists."""
        self._change("DELETE", subscription, None)

    def audit(self, subscription: Subscription, limit: int) -> dict[str, Any]:
        """Return the audit of a subscription as the API sends it; empty if there is none."""
        content = self._read(f"{_PATH}/{quote(subscription.id, safe='')}/audit", {"limit": limit})
        return content if isinstance(content, dict) else {}

    def _change(self, method: str, subscription: Subscription, body: dict[str, str] | None) -> bool:
        path = f"{_PATH}/{quote(subscription.id, safe='')}"

        def attempt(token: str) -> bool:
            with self._client.limiter.attempt():
                answer = self._client.change(method, path, body, token=token)
            return answer.status != HTTPStatus.NOT_FOUND

        return self._client.retried(attempt)

    def _read(self, path: str, query: dict[str, object]) -> Any:  # noqa: ANN401  # any JSON
        def attempt(token: str) -> Any:  # noqa: ANN401  # as above
            with self._client.limiter.attempt():
                response = self._client.get(path, query, token=token)
            return None if response.status_code == HTTPStatus.NOT_FOUND else _json_of(response, path)

        return self._client.retried(attempt)


def _json_of(response: requests.Response, path: str) -> Any:  # noqa: ANN401  # any JSON
    if not response.content.strip():
        return None
    try:
        return json.loads(response.content)
    except (ValueError, RecursionError):
        msg = f"GET {path}: the answer is not JSON"
        raise RetryableError(msg) from None


def _subscription(item: dict[str, Any]) -> Subscription:
    texts = {name: _text(item.get(name)) for name in ("url", "status", "createdAt", "updatedAt")}
    return Subscription(_id(item), texts["url"], texts["status"].upper(), texts["createdAt"], texts["updatedAt"])


def _id(item: dict[str, Any]) -> str:
    return _text(item.get("subscriptionId")) or _text(item.get("id"))


def _text(value: object) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
