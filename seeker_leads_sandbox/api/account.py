"""The agency of a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seeker_leads_sandbox.api.routes import TOKEN_PATH
from seeker_leads_sandbox.api.validation import BadBodyError, read_json
from seeker_leads_sandbox.backend import BACKEND

if TYPE_CHECKING:
    from aiohttp import web


def account_of_token(request: web.Request) -> str | None:
    """Return the `intermediary_id` that a request's token was issued for; None for the client's own account."""
    token = request.headers.get("Authorization", "").partition(" ")[2]
    return request.app[BACKEND].tokens.account(token.strip())


async def account_asked_for(request: web.Request) -> str | None:
    """Return the agency of a request's token or, for a token request, of the new token."""
    if request.path != TOKEN_PATH:
        return account_of_token(request)
    try:
        body = await read_json(request)
    except BadBodyError:
        return None  # the route reports the error
    account = body.get("intermediary_id") if isinstance(body, dict) else None
    return account if isinstance(account, str) else None
