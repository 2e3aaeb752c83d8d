"""What the API's answer to a request for one lead says about it. Pure."""

from __future__ import annotations

import json
from enum import Enum, auto
from typing import Any

from seeker_leads_cli.retention.proof import lead_exists
from tap_seeker_leads.leads.erasure import is_erased


class Presence(Enum):
    """Whether the API still has a lead, and the data of its person."""

    PRESENT = auto()
    ERASED = auto()  #: the API still has the lead, and the person had their data erased
    GONE = auto()  #: the API's own 404


def presence_of(lead_id: str, status: int, body: bytes) -> Presence:
    """Return whether the API has a lead, from the answer to a request for it.

    Raises:
        FatalError: the answer is neither this lead nor a 404.
    """
    if not lead_exists(lead_id, status, body):
        return Presence.GONE
    return Presence.ERASED if is_erased(_lead_in(json.loads(body))) else Presence.PRESENT


def _lead_in(content: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON that `lead_exists` accepted
    items = content.get("items") if isinstance(content, dict) else content
    lead: dict[str, Any] = items[0] if items else content
    return lead
