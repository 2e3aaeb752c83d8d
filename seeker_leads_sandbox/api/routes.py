"""The sandbox's paths, and how a request's path is classified."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web

API_BASE = "/seeker-leads/v1"
TOKEN_PATH = "/oauth/token"  # noqa: S105  # a path, not a password
ADMIN_BASE = "/_sandbox"
LEADS = "/leads"
PAGE = "/"
#: The page's files, and what the page requests every second.
PAGE_PARTS = ADMIN_BASE + "/page"
CONTRACT = "/openapi.yaml"
#: Used as the route where none matches.
UNKNOWN_ROUTE = "(unknown)"


def is_admin(path: str) -> bool:
    """Return whether the path is one of the sandbox's own: an admin endpoint or part of the page."""
    return path in {PAGE, CONTRACT} or path.startswith(ADMIN_BASE + "/")


def is_api(path: str) -> bool:
    """Return whether the path is below the API's base."""
    return path.startswith(API_BASE + "/")


def route_of(request: web.Request) -> str:
    """Return the request's route below the API's base, such as `/leads/{leadId}`."""
    resource = request.match_info.route.resource
    return UNKNOWN_ROUTE if resource is None else resource.canonical.removeprefix(API_BASE)


def is_limited(method: str, route: str) -> bool:
    """Return whether requests of this route count towards the rate limit."""
    return method in {"GET", "POST"} and (route == LEADS or route.startswith(LEADS + "/"))
