"""Error answers: RFC 7807 problems with a `traceparent`, and the two pages without a problem body."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from seeker_leads_sandbox.options import RetryAfter

if TYPE_CHECKING:
    import random

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 1
TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class Violation:
    """One error in a request; the reason never repeats the value."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Problem:
    """The contents of a problem body."""

    status: int
    detail: str
    errors: tuple[Violation, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


class ProblemError(Exception):
    """Ends the request with this problem as its answer."""

    def __init__(self, status: int, detail: str, *errors: Violation, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.problem = Problem(status, detail, errors, headers or {})


def problem_response(problem: Problem, *, instance: str, traceparent: str) -> web.Response:
    """Return a response with this problem as its body."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": title(problem.status),
        "status": problem.status,
        "detail": problem.detail,
        "instance": instance,
    }
    if problem.errors:
        body["errors"] = [{"name": error.name, "reason": error.reason} for error in problem.errors]
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(body),
        headers={"Content-Type": PROBLEM_JSON, "traceparent": traceparent, **problem.headers},
    )


def html_response(status: int, text: str, *, traceparent: str) -> web.Response:
    """Return an HTML page as a firewall or a gateway sends it, without a problem body."""
    heading = title(status)
    return web.Response(
        status=status,
        text=f"<html><head><title>{heading}</title></head><body><h1>{heading}</h1><p>{text}</p></body></html>\n",
        content_type="text/html",
        headers={"traceparent": traceparent},
    )


def title(status: int) -> str:
    """Return the standard phrase for a status."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def retry_after_headers(form: RetryAfter, now: float) -> dict[str, str]:
    """Return the `Retry-After` header of a 429 in this form, or no header."""
    if form is RetryAfter.SECONDS:
        return {"Retry-After": str(RETRY_AFTER_SECONDS)}
    if form is RetryAfter.DATE:
        return {"Retry-After": formatdate(now + RETRY_AFTER_SECONDS, usegmt=True)}
    return {}


def new_traceparent(rng: random.Random) -> str:
    """Return a new W3C trace context."""
    return f"00-{rng.getrandbits(128):032x}-{rng.getrandbits(64):016x}-01"
