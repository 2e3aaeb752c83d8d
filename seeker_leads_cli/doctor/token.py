"""Checks the token: where it comes from, and how long it is valid. One is requested only if none is cached."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from seeker_leads_api.auth.tokens import kept_token
from seeker_leads_cli.doctor.check import Check, attempt
from seeker_leads_cli.doctor.durations import in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seeker_leads_api.client import ApiClient
    from seeker_leads_api.credentials import ClientCredentials
    from seeker_leads_api.settings import ConnectionSettings

_NAME = "token"
#: In the year 5138. A larger `exp`, such as infinity, is not an instant.
_LAST_SECOND = 1e11


def check_token(
    client: ApiClient, settings: ConnectionSettings, reported: Sequence[str], *, now: Callable[[], float]
) -> Check:
    """Check the token; `reported` receives the client's warnings."""
    if settings.credentials is None:
        return _auth_token(settings.auth_token or "", now())
    remaining = _remaining_seconds(settings.credentials, now()) if settings.token_cache else None
    if remaining is not None:
        return Check(_NAME, is_ok=True, says=f"cached, and used for another {in_words(remaining)}")
    asked = attempt(_NAME, lambda: client.retried(lambda token: token))
    if isinstance(asked, Check):
        return asked
    if not settings.token_cache:
        return Check(_NAME, is_ok=True, says="requested, as in each run: `token_cache` is off")
    remaining = _remaining_seconds(settings.credentials, now())
    if remaining is None:
        why = reported[-1] if reported else "The token cache cannot be used"
        says = f"requested, but not cached, so each run requests one, and the vendor limits requests. {why}"
        return Check(_NAME, is_ok=False, says=says)
    return Check(_NAME, is_ok=True, says=f"requested, since none was cached; used for {in_words(remaining)}")


def _remaining_seconds(credentials: ClientCredentials, now: float) -> float | None:
    """Return how long the cached token is still used; None if there is none, or if it must be replaced."""
    kept = kept_token(credentials)
    return kept.renew_at - now if kept is not None and kept.renew_at > now else None


def _auth_token(token: str, now: float) -> Check:
    end = _end_of(token)
    if end is None:
        return Check(_NAME, is_ok=True, says="from `auth_token`; it does not show when it expires")
    if end <= now:
        says = (
            f"the token of `auth_token` expired {in_words(now - end)} ago: set a new one, or use `client_id` and"
            " `client_secret`, which renew it"
        )
        return Check(_NAME, is_ok=False, says=says)
    return Check(_NAME, is_ok=True, says=f"from `auth_token`; it expires in {in_words(end - now)}")


def _end_of(token: str) -> float | None:
    """Return a JWT's `exp` in Unix seconds, or None if the token has none. The signature is not checked."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        end = claims["exp"]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return None
    is_instant = isinstance(end, (int, float)) and not isinstance(end, bool) and 0 <= end < _LAST_SECOND
    return float(end) if is_instant else None
