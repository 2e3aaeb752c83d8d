"""Answers of `GET /leads` with little in them, for tests of how the tap goes from page to page."""

from __future__ import annotations

import json
from typing import Any

import requests


def answer(status: int, body: dict[str, Any]) -> requests.Response:
    """Return the answer to a request for at most nine leads."""
    result = requests.Response()
    result.status_code = status
    result._content = json.dumps(body).encode()
    result.request = requests.Request("GET", "https://api/leads", params={"limit": 9}).prepare()
    return result


def more(lead_id: str, **metadata: int) -> requests.Response:
    """Return a page with one lead that announces another."""
    return short(lead_id, status=206, **metadata)


def short(*lead_ids: str, status: int = 200, **metadata: int) -> requests.Response:
    """Return a page with these leads, and with counts in its metadata."""
    items = [{"metadata": {"leadId": lead_id}} for lead_id in lead_ids]
    return answer(status, {"items": items, "metadata": metadata})


def linked(status: int, *lead_ids: str, to: str = "a") -> requests.Response:
    """Return a page with a link."""
    items = [{"metadata": {"leadId": lead_id}} for lead_id in lead_ids]
    return answer(status, {"items": items, "links": {"next": f"/leads?start={to}"}})


def dated(status: int, *seconds: int, **metadata: int) -> requests.Response:
    """Return a page with leads that were ingested at those seconds."""
    items = [{"metadata": {"leadId": f"lead-{second}", "ingestionDate": second}} for second in seconds]
    return answer(status, {"items": items, "metadata": metadata})
