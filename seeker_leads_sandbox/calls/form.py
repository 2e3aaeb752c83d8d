"""The form of a webhook call: the API's documentation does not say where the key goes, so options decide."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit, urlunsplit

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seeker_leads_sandbox.data.store import Lead
    from seeker_leads_sandbox.data.subscriptions import Subscription
    from seeker_leads_sandbox.options import SandboxOptions


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """One request to a subscriber."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def outgoing_call(subscription: Subscription, lead: Lead, options: SandboxOptions, now: float) -> OutgoingCall:
    """Return the call that announces a new lead to a subscriber; the body is the whole lead."""
    happened_at = datetime.fromtimestamp(now, tz=timezone.utc).isoformat(timespec="milliseconds")
    body = msgspec.json.encode({"event": "LEAD_CREATED", "timestamp": happened_at, "lead": lead})
    parts = urlsplit(subscription.url)
    path, query, headers = parts.path, parts.query, {"Content-Type": "application/json"}
    if options.webhook_path:
        path = path.rstrip("/") + options.webhook_path
    key = subscription.api_key
    kind, _, name = options.webhook_auth.partition(":")
    if kind == "header":
        headers[name] = key
    elif kind == "bearer":
        headers["Authorization"] = f"Bearer {key}"
    elif kind == "query":
        query = "&".join(filter(None, (query, f"key={quote(key, safe='')}")))
    else:
        headers["X-Signature"] = hmac.new(key.encode(), body, "sha256").hexdigest()
    return OutgoingCall(urlunsplit((parts.scheme, parts.netloc, path or "/", query, "")), headers, body)
