"""A lead with only the fields that the API requires, as the body of a request."""

from __future__ import annotations

from typing import Any

LEAD: dict[str, Any] = {
    "lastName": "Exemple",
    "email": "exemple@example.org",
    "phoneNumbers": [{"number": "0639980000"}],
    "message": "Bonjour",
    "classifiedId": "26ABCDEFGHJK",
    "submittedDate": "2026-01-01T00:00:00Z",
}
