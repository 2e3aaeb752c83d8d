"""OAuth client credentials, and the form of a valid token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """OAuth client credentials. The secret is never shown."""

    client_id: str
    client_secret: str = field(repr=False)
    audience: str
    auth_url: str
    intermediary_id: str | None


def is_token(value: object) -> TypeGuard[str]:
    """Return whether a value can be sent as a bearer token: plain ASCII without spaces or line breaks."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and value != "" and " " not in value
