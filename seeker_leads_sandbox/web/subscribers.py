"""The account's subscriptions and the results of their calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from seeker_leads_sandbox.web.markup import Markup, tag, text_of

if TYPE_CHECKING:
    from seeker_leads_sandbox.data.subscriptions import Subscription, Subscriptions

_MAX_CALLS = 8
_LONGEST_URL = 120
_SWITCHES = {"ACTIVE": ("INACTIVE", "Turn off"), "INACTIVE": ("ACTIVE", "Turn on")}


def subscription_list(subscriptions: Subscriptions) -> Markup:
    """Return each subscription with a switch and its last calls."""
    shown = [_subscription(each, subscriptions.last_calls(each, _MAX_CALLS)) for each in subscriptions.all()]
    if not shown:
        command = tag("code", "seeker-leads webhooks ensure http://127.0.0.1:8080/")
        return tag("p", "Nobody is called for new leads. Subscribe a receiver: ", command, class_="empty")
    return tag("ul", shown, class_="subscriptions")


def _subscription(subscription: Subscription, calls: list[dict[str, Any]]) -> Markup:
    wanted, words = _SWITCHES[subscription.status]
    name = subscription.subscription_id
    switch = tag(
        "button",
        words,
        type="button",
        id=f"switch-{name}",
        aria_label=f"{words} {name}",
        data_path=f"subscriptions/{name}",
        data_body=f'{{"status": "{wanted}"}}',
        data_done=f"{name} is now {wanted}.",
    )
    is_active = subscription.status == "ACTIVE"
    status = tag("span", subscription.status, class_="badge good" if is_active else "badge bad")
    url = tag("code", text_of(_shown(subscription.url), _LONGEST_URL), class_="url")
    failures = subscription.failures_in_a_row
    failed = tag("p", f"The last {failures} call{'s' * (failures > 1)} failed.", class_="small") if failures else None
    listed = tag("ol", [_call(call) for call in calls], class_="calls", aria_label=f"Last calls of {name}")
    none = tag("p", "No call yet. The next new lead triggers one.", class_="small")
    return tag("li", tag("div", url, status, switch, class_="line"), failed, listed if calls else none, data_key=name)


def _call(call: dict[str, Any]) -> Markup:
    is_success = call["status"] == "SUCCESS"
    answer = call.get("statusCode") or str(call.get("error", "")).replace("_", " ").lower()
    attempt = f"attempt {call['attempt']}" if call["attempt"] > 1 else ""
    at = tag("time", call["timestamp"][11:19], datetime=call["timestamp"])
    badge = tag("span", answer, class_="badge good" if is_success else "badge bad")
    return tag("li", at, badge, tag("span", attempt, class_="small"))


def _shown(url: str) -> str:
    """Return a URL without the parts that may hold a key: its query and a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(no valid URL)"
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, query="…" if parts.query else "", fragment="").geturl()
