"""`POST /oauth/token`: client credentials as JSON; the vendor refuses form bodies, and so does the sandbox."""

from __future__ import annotations

import msgspec
from aiohttp import web

from seeker_leads_sandbox.api.validation import BadBodyError, read_json, violations
from seeker_leads_sandbox.backend import BACKEND


async def request_token(request: web.Request) -> web.Response:
    """Return a token if the credentials are right."""
    backend = request.app[BACKEND]
    try:
        body = await read_json(request)
    except BadBodyError as error:
        return _error(400, "invalid_request", str(error))
    found = violations("TokenRequest", body)
    if any(violation.name == "grant_type" for violation in found) and "grant_type" in body:
        return _error(400, "unsupported_grant_type", "grant_type must be client_credentials")
    if found:
        return _error(400, "invalid_request", "; ".join(f"{wrong.name} {wrong.reason}" for wrong in found))
    if (body["client_id"], body["client_secret"]) != (backend.options.client_id, backend.options.client_secret):
        return _error(401, "invalid_client", "client_id or client_secret is wrong")
    account = body.get("intermediary_id") if backend.options.accounts else None
    if account is not None and account not in backend.accounts:
        return _error(403, "access_denied", "the client does not act for this intermediary_id")
    answer = {
        "access_token": backend.tokens.issue(backend.clock(), account),
        "expires_in": backend.options.token_lifetime_seconds,
        "token_type": "Bearer",
    }
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=msgspec.json.encode(answer), content_type="application/json", headers=headers)


def _error(status: int, error: str, description: str) -> web.Response:
    body = msgspec.json.encode({"error": error, "error_description": description})
    return web.Response(status=status, body=body, content_type="application/json")
