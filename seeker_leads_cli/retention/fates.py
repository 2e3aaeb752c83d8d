"""What the API's answer to a request for one lead says about it. Pure."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from seeker_leads_cli.retention.proof import lead_exists
from tap_seeker_leads.leads.erasure import is_erased


class Fate(Enum):
    """What became of a lead."""

    THERE = "there"
    ERASED = "erased"  #: the API still has the lead, and the person had their data erased
    GONE = "gone"  #: the API's own 404


def fate_of(lead_id: str, status: int, body: bytes) -> Fate:
    """Return what became of a lead, from the answer to a request for it.

    Raises:
        FatalError: the answer is neither this lead nor a 404.
    """
    if not lead_exists(lead_id, status, body):
        return Fate.GONE
    return Fate.ERASED if is_erased(_lead_in(json.loads(body))) else Fate.THERE


def _lead_in(content: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON that `lead_exists` accepted
    items = content.get("items") if isinstance(content, dict) else content
    lead: dict[str, Any] = items[0] if items else content
    return lead
