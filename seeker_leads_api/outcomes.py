"""What an answer of the API means: a pure decision, in tables.

Every client in this repository asks `classify` and does what the outcome says; the statuses stand nowhere else.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests

from seeker_leads_api.errors import FatalError, RetryableError, ThrottledError, TokenRefusedError
from seeker_leads_api.redaction import redact, shown_traceparent

if TYPE_CHECKING:
    from collections.abc import Mapping


class Recovery(enum.Enum):
    """What to do about an answer."""

    ACCEPT = "accept"  #: the request did what it should
    NOT_FOUND = "not found"  #: the API itself says that there is no such thing: for a period, that it is empty
    RETRY = "retry"  #: a passing fault: the same request again, later
    SLOW_DOWN = "slow down"  #: the same, and nobody else may ask in the meantime
    RENEW_TOKEN = "renew token"  # noqa: S105  # a word, not a secret  #: once with a new token
    STOP = "stop"  #: asking again cannot help


#: The one place where a status has a meaning. 403 and 404 depend on the body too, see `classify`.
RECOVERY: dict[int, Recovery] = {
    200: Recovery.ACCEPT,
    206: Recovery.ACCEPT,
    401: Recovery.RENEW_TOKEN,
    408: Recovery.RETRY,
    425: Recovery.RETRY,
    429: Recovery.SLOW_DOWN,
}

#: What the user can do about it.
CURES: dict[int, str] = {
    400: "A setting may ask for what the API does not allow; otherwise please report it to this plugin's maintainers",
    401: "Check `auth_token`, or `client_id` and `client_secret`, and that they belong to the chosen `environment`",
    403: "Ask the vendor for the right (scope) that the account lacks",
    404: "Check `api_url`: no API answers there",
    429: "Lower `rate_limit_requests`, or stop what else uses the same account",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, as far as its meaning depends on it."""

    request: str  #: method and path, e.g. `GET /leads`
    status: int
    headers: Mapping[str, str]  #: looked up in lower case
    body: bytes

    @classmethod
    def of(cls, response: requests.Response) -> Answer:
        """Take what matters out of a response of `requests`."""
        method, url = response.request.method, response.request.path_url
        return cls(
            request=f"{method} /{url.partition('?')[0].rpartition('/')[2]}",
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=response.content,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer means. The message is one line, without personal data."""

    recovery: Recovery
    message: str
    retry_after_seconds: float | None = None


_ACCEPTED = Outcome(Recovery.ACCEPT, "")


def classify(answer: Answer, *, now: datetime | None = None) -> Outcome:
    """Say what to do about an answer; `now` (default: the clock) is what a `Retry-After` date is measured from."""
    if RECOVERY.get(answer.status) is Recovery.ACCEPT:
        return _ACCEPTED
    problem = _problem(answer)
    recovery = _recovery(answer, problem)
    retry_after_seconds = None
    if recovery in {Recovery.RETRY, Recovery.SLOW_DOWN}:
        retry_after_seconds = _retry_after_seconds(answer.headers.get("retry-after"), now)
    return Outcome(recovery, _message(answer, problem), retry_after_seconds)


def raise_for(outcome: Outcome, *, sent_token: str) -> None:
    """Raise the error that an outcome calls for; an answer that is accepted or not found passes.

    Raises:
        RetryableError: a passing fault (ThrottledError: the rate limit).
        TokenRefusedError: `sent_token` was refused.
        FatalError: asking again cannot help.
    """
    match outcome.recovery:
        case Recovery.ACCEPT | Recovery.NOT_FOUND:
            return
        case Recovery.RETRY:
            raise RetryableError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        case Recovery.SLOW_DOWN:
            raise ThrottledError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        case Recovery.RENEW_TOKEN:
            raise TokenRefusedError(outcome.message, refused_token=sent_token)
        case Recovery.STOP:
            raise FatalError(outcome.message)


def classify_exception(
    error: requests.RequestException, request: str, timeout_seconds: float
) -> RetryableError | FatalError:
    """Say what to do about a request that got no answer. The error's own text is not shown: it holds the whole URL."""
    cause = _innermost_name(error)
    if isinstance(error, requests.Timeout):
        return RetryableError(f"{request}: no answer within {timeout_seconds:g} s ({cause})")
    if isinstance(error, (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)):
        return RetryableError(f"{request}: the answer broke off or could not be decoded ({cause})")
    if isinstance(error, requests.exceptions.SSLError):
        return RetryableError(
            f"{request}: no trusted connection ({cause}). Behind a proxy with its own certificates, set"
            " REQUESTS_CA_BUNDLE"
        )
    if isinstance(error, requests.ConnectionError):
        return RetryableError(f"{request}: no connection ({cause}). Check `api_url`, `auth_url` and the network")
    return FatalError(f"{request}: the request could not be sent ({cause}). Check `api_url` and `auth_url`")


def _recovery(answer: Answer, problem: Mapping[str, Any] | None) -> Recovery:
    if answer.status == HTTPStatus.NOT_FOUND and problem is not None:
        return Recovery.NOT_FOUND
    if answer.status == HTTPStatus.FORBIDDEN and problem is not None and "scope" in json.dumps(problem).lower():
        # A token taken before a right was granted keeps lacking it until a new one is asked for [F].
        return Recovery.RENEW_TOKEN
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Recovery.RETRY
    return RECOVERY.get(answer.status, Recovery.STOP)


def _problem(answer: Answer) -> Mapping[str, Any] | None:
    """Return the RFC 7807 body, or None: a gateway's or web server's own error page is not one."""
    if answer.body.lstrip()[:1] != b"{":
        return None
    try:
        body = json.loads(answer.body)
    except ValueError:
        return None
    is_problem = isinstance(body, dict) and isinstance(body.get("title"), str) and ("type" in body or "status" in body)
    return body if is_problem else None


def _message(answer: Answer, problem: Mapping[str, Any] | None) -> str:
    parts = [f"{answer.request} answered {answer.status}"]
    if problem is not None:
        texts = [redact(text) for key in ("title", "detail") if isinstance(text := problem.get(key), str)]
        parts.append(f": {', '.join(dict.fromkeys(texts))}")
    elif "html" in answer.headers.get("content-type", ""):
        parts.append(" with a web page instead of data: a firewall or proxy stands in between")
    if traceparent := shown_traceparent(answer.headers.get("traceparent")):
        parts.append(f" (traceparent {traceparent})")
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        parts.append(". Check `api_url`: the API does not redirect, and the token is not sent elsewhere")
    elif cure := CURES.get(answer.status):
        parts.append(f". {cure}")
    return "".join(parts)


def _retry_after_seconds(header: str | None, now: datetime | None) -> float | None:
    """Read `Retry-After` as seconds or as an HTTP date (RFC 9110); what is neither does not count."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - (now or datetime.now(timezone.utc))).total_seconds())


def _innermost_name(error: BaseException) -> str:
    seen: set[int] = set()
    while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return type(error).__name__
