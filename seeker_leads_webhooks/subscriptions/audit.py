"""The audit of a subscription: its health, and the results of the latest calls, whose format is not documented."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from seeker_leads_api.redaction import redact
from seeker_leads_webhooks.subscriptions.api import ACTIVE
from seeker_leads_webhooks.subscriptions.urls import shown_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seeker_leads_webhooks.subscriptions.api import Subscription

#: A larger number is in milliseconds.
_LAST_SECOND = 10_000_000_000
#: Values without personal data: short numbers and times.
_HARMLESS = re.compile(r"-?\d{1,6}(\.\d{1,3})?|\d{4}-\d\d-\d\d([T ][\d:.,]+(Z|[+-]\d\d:?\d\d)?)?")
#: A word in capitals is a value of an enumeration under these names; under any other, it may be a family name.
_WORD = re.compile(r"[A-Z][A-Z0-9_]*")
_WORD_NAME = re.compile(r"(?:status|result|type|event|code|method|outcome)$", re.IGNORECASE)
#: Names of values that describe a call, not a person.
_CALL_NAME = re.compile(
    r"(?:status|error|reason|result|type|url|event|detail|description|response|code|method|cause|outcome|id)$",
    re.IGNORECASE,
)
_SECRET_NAME = re.compile(r"key|secret|token|signature|authorization|password", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w-]{0,39}")
_URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, slots=True)
class Audit:
    """The state of a subscription."""

    subscription: Subscription
    last_success: datetime | None
    problem: str | None  #: what is wrong, and how to fix it
    events: tuple[dict[str, str], ...]  #: newest first, flat, without personal data

    def as_json(self) -> dict[str, Any]:
        """Return the audit as `audit --json` prints it."""
        last = self.last_success
        return {
            **self.subscription.as_json(),
            "last_success_at": None if last is None else last.isoformat().replace("+00:00", "Z"),
            "problem": self.problem,
            "events": list(self.events),
        }


def read_audit(subscription: Subscription, answer: Mapping[str, Any], *, stale: timedelta, now: datetime) -> Audit:
    """Check a subscription: it must be active, and have succeeded or been created within `stale`."""
    last = _instant(answer.get("lastSuccessTimestamp"))
    since = last or _instant(subscription.created_at)
    problem = None
    if subscription.status != ACTIVE:
        problem = f"is {subscription.status or 'without a status'}: find out why calls failed, then `webhooks resume`"
    elif since is None or now - since > stale:
        minutes = int(stale.total_seconds() // 60)
        problem = f"has not succeeded for {minutes} minutes: check that the receiver runs and the vendor reaches it"
    events = answer.get("recentEvents")
    shown = tuple(dict(_flat(event)) for event in (events if isinstance(events, list) else []))
    return Audit(subscription, last, problem, shown)


def _instant(value: object) -> datetime | None:
    """Read RFC 3339, or Unix seconds or milliseconds as a number or as text; None for anything else."""
    text = str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""
    try:
        number = float(text)
    except ValueError:
        try:
            read = datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d*", r"\1", text).replace("Z", "+00:00"))
        except ValueError:
            return None
        return read if read.tzinfo else read.replace(tzinfo=timezone.utc)
    try:
        return datetime.fromtimestamp(number / 1000 if number > _LAST_SECOND else number, tz=timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _flat(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the leaves of an event. A nested value may be a lead, so only what is not personal is shown of it."""
    if isinstance(value, dict):
        for name, each in value.items():
            shown = str(name) if _NAME.fullmatch(str(name)) else "…"
            yield from _flat(each, f"{path}.{shown}" if path else shown)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _flat(each, f"{path}[{number}]")
    elif value is not None:
        yield path or "event", _shown(path, value)


def _shown(path: str, value: object) -> str:
    text = str(value)
    if _SECRET_NAME.search(path):
        return "…"
    if isinstance(value, bool) or _HARMLESS.fullmatch(text):
        return text
    if _WORD.fullmatch(text) and _WORD_NAME.search(path):
        return text
    if not _CALL_NAME.search(path) or "." in path or "[" in path:
        return "…"
    return redact(_URL.sub(lambda found: shown_url(found[0]), text))
