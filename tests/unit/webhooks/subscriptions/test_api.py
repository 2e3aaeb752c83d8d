from __future__ import annotations

import json
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from seeker_leads_api.errors import FatalError
from seeker_leads_webhooks.subscriptions.api import SubscriptionsApi
from seeker_leads_webhooks.subscriptions.ensure import ensure

URL = "https://leads.example.com/"


def api_that_lists(content: bytes, posted: list[object]) -> SubscriptionsApi:
    """Return the API of an account whose list of subscriptions is this answer."""
    client: Any = SimpleNamespace(
        retried=lambda attempt: attempt("token"),
        limiter=SimpleNamespace(attempt=nullcontext),
        get=lambda *_, **__: SimpleNamespace(status_code=200, content=content),
        post=lambda path, body, **_: posted.append((path, body)),
    )
    return SubscriptionsApi(client)


@pytest.mark.parametrize(
    "content",
    [
        {"subscriptions": [{"subscriptionId": "a", "url": URL}]},
        {"items": {"a": {"url": URL}}},
        {"items": [{"key": "a", "url": URL}]},
        {"items": ["a"]},
        {},
        "none",
    ],
)
def test_list_that_is_not_understood_creates_no_subscription(content: object) -> None:
    """Otherwise each `ensure` would create one more, and the vendor would make each call several times."""
    posted: list[object] = []
    with pytest.raises(FatalError, match="not a list of subscriptions"):
        ensure(api_that_lists(json.dumps(content).encode(), posted), URL, "key")
    assert posted == []


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b'{"items": []}'])
def test_account_may_have_no_subscription(content: bytes) -> None:
    """An empty answer and an empty list are understood."""
    assert api_that_lists(content, []).list() == []
