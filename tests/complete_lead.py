"""A lead with every field, as the target sends it to the API."""

from __future__ import annotations

from typing import Any

LEAD: dict[str, Any] = {
    "firstName": "Zo\u00e9",
    "lastName": "Exemple",
    "gender": "FEMALE",
    "email": "zoe@example.org",
    "language": "FR",
    "phoneNumbers": [{"number": "+33612345678", "type": "MOBILE"}],
    "message": "Bonjour \u2013 \u00e0 bient\u00f4t \U0001f3e0",
    "classifiedId": "26ABCDEFGHJK",
    "submittedDate": "2026-11-23T08:00:00Z",
}
