"""Keeps other web pages off the sandbox's own endpoints: a page in the same browser must not press its buttons.

A program sends neither `Origin` nor `Sec-Fetch-Site` and passes; a browser sends one of them with each POST. With DNS
rebinding, another page resolves its own host name to this machine and would pass as the same site. The host name must
therefore be one that no outsider can own: an address, a name without a dot, `localhost`, or the one listened on.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from seeker_leads_sandbox.api.problems import ProblemError
from seeker_leads_sandbox.backend import BACKEND

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

_CHANGING = frozenset({"POST", "PUT", "DELETE", "PATCH"})
_OWN_SITES = frozenset({"same-origin", "none"})  # none: the user typed the address


async def refuse_other_sites(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a request unless it comes from another web page.

    Raises:
        ProblemError: 403, the request comes from another web page.
    """
    host = request.headers.get("Host", "")
    if not _is_own_name(host, request.app[BACKEND].host):
        raise ProblemError(403, "The sandbox does not know this host name; use its address, or start with --host NAME")
    if request.method in _CHANGING:
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site", "none")
        if site not in _OWN_SITES or (origin is not None and origin != f"http://{host}"):
            raise ProblemError(403, "Another web page may not do this")
    return await handler(request)


def _is_own_name(host: str, listens_on: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if "." not in name or name == listens_on.lower() or name.endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
