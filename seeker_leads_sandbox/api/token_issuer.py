"""The sandbox's authorization server: it issues tokens and checks them."""

from __future__ import annotations

import base64
import hashlib
from enum import Enum

import msgspec


class TokenState(Enum):
    """Whether a token is accepted."""

    LIVE = "live"
    DEAD = "dead"  #: unknown, expired or revoked
    LACKS_SCOPE = "lacks_scope"  #: issued before a scope was granted; only a new token has the scope


class TokenIssuer:
    """Issues and checks tokens; times are Unix seconds."""

    def __init__(self, *, static_token: str, lifetime_seconds: int, seed: int) -> None:
        self._lifetime_seconds = lifetime_seconds
        self._seed = seed
        self._static_token = static_token
        self._issued: list[str] = []
        self._ends: dict[str, float] = {static_token: float("inf")}
        self._missing_scopes: dict[str, str] = {}
        self._accounts: dict[str, str] = {}

    @property
    def issued(self) -> list[str]:
        """Every token issued, oldest first."""
        return list(self._issued)

    def issue(self, now: float, account: str | None = None) -> str:
        """Return a new token for an agency's account or the client's own: like a JWT, but without a real signature."""
        number = len(self._issued) + 1
        digest = hashlib.sha256(f"{self._seed}:{number}".encode()).digest()
        claims = {"jti": number, "iat": int(now), "exp": int(now) + self._lifetime_seconds}
        parts = (b'{"alg":"none","typ":"JWT"}', msgspec.json.encode(claims), digest)
        token = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
        self._issued.append(token)
        self._ends[token] = now + self._lifetime_seconds
        if account is not None:
            self._accounts[token] = account
        return token

    def account(self, token: str) -> str | None:
        """Return the agency that a token is for; None for the client's own account."""
        return self._accounts.get(token)

    def state(self, token: str, now: float) -> TokenState:
        """Return the token's state at this time."""
        if now >= self._ends.get(token, float("-inf")):
            return TokenState.DEAD
        return TokenState.LACKS_SCOPE if token in self._missing_scopes else TokenState.LIVE

    def missing_scope(self, token: str) -> str:
        """Return the scope that is missing from a token in state LACKS_SCOPE."""
        return self._missing_scopes[token]

    def revoke_all(self) -> None:
        """Revoke every token issued so far and the static one."""
        self._ends = {}

    def restore_static(self) -> None:
        """Make the static token valid again, with every scope."""
        self._ends[self._static_token] = float("inf")
        self._missing_scopes.pop(self._static_token, None)

    def take_scope(self, scope: str) -> None:
        """Remove a scope from every token issued so far and from the static one."""
        self._missing_scopes = dict.fromkeys(self._ends, scope)
