"""Singer messages as sources send them, for tests of the target."""

from __future__ import annotations

from typing import Any

SCHEMA: dict[str, Any] = {
    "type": "SCHEMA",
    "stream": "leads",
    "schema": {"properties": {"id": {"type": "integer"}}},
    "key_properties": ["id"],
}


def lead(number: int, **changes: Any) -> dict[str, Any]:
    """A record that makes a lead; None removes a field."""
    record = {
        "id": number,
        "last_name": f"Dupont{number}",
        "email": f"jane.dupont{number}@example.com",
        "mobile": f"+33 6 12 34 {number // 100 % 100:02} {number % 100:02}",
        "message": f"Bonjour, je voudrais visiter le bien n° {number}",
        "classified_id": "26ABCDEFGHJK",
        "created_at": "2026-11-20T09:15:00Z",
        **changes,
    }
    return {name: value for name, value in record.items() if value is not None}


def record(number: int, **changes: Any) -> dict[str, Any]:
    """A RECORD message with that record."""
    return {"type": "RECORD", "stream": "leads", "record": lead(number, **changes)}


def state(value: Any) -> dict[str, Any]:
    """Return a STATE message."""
    return {"type": "STATE", "value": value}
