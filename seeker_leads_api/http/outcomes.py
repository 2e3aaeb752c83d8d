"""What an answer of the API means: a pure decision, in tables.

Every client in this repository calls `classify` and acts on the outcome; statuses are interpreted nowhere else.
"""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from seeker_leads_api.errors import (
    NotServedError,
    RequestRejectedError,
    ServerFaultError,
    ThrottledError,
    TokenRefusedError,
)
from seeker_leads_api.redaction import redact, shown_traceparent

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests


class Recovery(enum.Enum):
    """What to do after an answer."""

    ACCEPT = enum.auto()  #: the request succeeded
    NOT_FOUND = enum.auto()  #: the API itself says that the resource does not exist: for a period, that it has no leads
    RETRY = enum.auto()  #: a temporary fault: send the same request again, later
    SLOW_DOWN = enum.auto()  #: like RETRY, but no other request may be sent in the meantime
    RENEW_TOKEN = enum.auto()  #: once with a new token
    REJECT = enum.auto()  #: this request is wrong and will stay wrong; others may be accepted
    STOP = enum.auto()  #: a retry cannot help


#: The only place that gives error statuses a meaning. Some depend on the body too, see `_recovery`.
RECOVERY: dict[int, Recovery] = {
    400: Recovery.REJECT,
    401: Recovery.RENEW_TOKEN,
    408: Recovery.RETRY,
    409: Recovery.REJECT,
    413: Recovery.REJECT,
    422: Recovery.REJECT,
    425: Recovery.RETRY,
    429: Recovery.SLOW_DOWN,
}

#: The beginning of a web page, perhaps after a byte order mark and an XML declaration.
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<(?:!--|!doctype\s+html|(?:html|head|title|meta|script|body)[\s>])",
    re.IGNORECASE,
)

#: What the user can do about it.
CURES: dict[int, str] = {
    400: "Check the settings for a value that the API does not allow; otherwise report it to this plugin's maintainers",
    401: "Check `auth_token`, or `client_id` and `client_secret`, and that they belong to the chosen `environment`",
    403: "Ask the vendor for the scope (permission) that the account lacks",
    404: "Check `api_url`: no API answers there",
    429: "Give all programs that use the account the same `rate_limit_url`, or lower `rate_limit_requests`",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The parts of an HTTP answer that decide its meaning."""

    request: str  #: method and path, e.g. `GET /leads`
    status: int
    headers: Mapping[str, str]  #: looked up in lower case
    body: bytes
    is_whole: bool = True  #: False: the body broke off

    @classmethod
    def of(cls, response: requests.Response) -> Answer:
        """Create it from a response of `requests`."""
        method, url = response.request.method, response.request.path_url
        return cls(
            request=f"{method} /{url.partition('?')[0].rpartition('/')[2]}",
            status=response.status_code,
            headers=response.headers,  # case-insensitive
            body=response.content,
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer means. The message is one line, without personal data."""

    recovery: Recovery
    message: str
    retry_after_seconds: float | None = None
    #: Name and reason of each of the problem body's `errors[]`, or else its text with an empty name; not redacted.
    problems: tuple[tuple[str, str], ...] = ()
    request_id: str | None = None  #: the API's id of the request, or the trace id that its support asks for
    #: Whether the request may have been processed nevertheless: the answer does not come from the API itself but from
    #: an intermediary, which may have forwarded the request.
    may_be_processed: bool = False
    #: Whether the account lacks the permission, according to the API itself and not to a firewall's page.
    lacks_right: bool = False


_ACCEPTED = Outcome(Recovery.ACCEPT, "")


def classify(answer: Answer, *, now: datetime | None = None, is_about_a_person: bool = False) -> Outcome:
    """Return what to do after an answer; a `Retry-After` date is relative to `now` (default: the clock).

    If the request was about a person, the message contains none of the answer's text, which may be personal data.
    """
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return _ACCEPTED
    body = json_object(answer)
    problem = _problem(body)
    recovery = _recovery(answer, problem)
    retry_after_seconds = None
    if recovery in {Recovery.RETRY, Recovery.SLOW_DOWN}:
        retry_after_seconds = _retry_after_seconds(answer.headers.get("retry-after"), now)
    return Outcome(
        recovery,
        _message(answer, None if is_about_a_person else problem),
        retry_after_seconds,
        _problems(body),
        _request_id(answer, body),
        may_be_processed=problem is None and _leaves_processing_unknown(answer.status),
        lacks_right=answer.status == HTTPStatus.FORBIDDEN and not is_web_page(answer),
    )


def raise_for(outcome: Outcome, *, sent_token: str) -> None:
    """Raise the error that matches an outcome; do nothing if it is accepted or not found.

    Raises:
        ServerFaultError: a temporary fault (ThrottledError: the rate limit).
        TokenRefusedError: `sent_token` was refused.
        RequestRejectedError: the request is wrong.
        NotServedError: a retry cannot help.
    """
    match outcome.recovery:
        case Recovery.ACCEPT | Recovery.NOT_FOUND:
            pass
        case Recovery.RETRY:
            raise ServerFaultError(
                outcome.message,
                retry_after_seconds=outcome.retry_after_seconds,
                problems=outcome.problems,
                request_id=outcome.request_id,
            )
        case Recovery.SLOW_DOWN:
            raise ThrottledError(outcome.message, retry_after_seconds=outcome.retry_after_seconds)
        case Recovery.RENEW_TOKEN:
            raise TokenRefusedError(outcome.message, refused_token=sent_token, lacks_right=outcome.lacks_right)
        case Recovery.REJECT:
            raise RequestRejectedError(outcome.message, problems=outcome.problems, request_id=outcome.request_id)
        case Recovery.STOP:
            raise NotServedError(
                outcome.message,
                problems=outcome.problems,
                request_id=outcome.request_id,
                lacks_right=outcome.lacks_right,
            )


def _recovery(answer: Answer, problem: Mapping[str, Any] | None) -> Recovery:
    if answer.status == HTTPStatus.NOT_FOUND and problem is not None:
        return Recovery.NOT_FOUND
    if answer.status == HTTPStatus.FORBIDDEN and problem is not None and "scope" in json.dumps(problem).lower():
        # A token issued before a scope was granted lacks that scope until a new token is requested.
        return Recovery.RENEW_TOKEN
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Recovery.RETRY
    recovery = RECOVERY.get(answer.status, Recovery.STOP)
    if answer.status == HTTPStatus.BAD_REQUEST and is_web_page(answer):
        return Recovery.STOP  # not the API's decision on this request, but an intermediary's on all requests
    return recovery


def _leaves_processing_unknown(status: int) -> bool:
    may_come_from_a_gateway = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT
    return may_come_from_a_gateway or status < HTTPStatus.OK  # 101: not an answer to this request


def json_object(answer: Answer) -> Mapping[str, Any]:
    """Return the body of an answer if it is a JSON object, else an empty object."""
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _problem(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the body if it is an RFC 7807 problem; error pages of gateways and web servers are not."""
    return body if isinstance(body.get("title"), str) and ("type" in body or "status" in body) else None


def _request_id(answer: Answer, body: Mapping[str, Any]) -> str | None:
    request_id = body.get("requestId")
    return request_id if isinstance(request_id, str) else shown_traceparent(answer.headers.get("traceparent"))


def _problems(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    errors = body.get("errors")
    listed = tuple(
        (str(error.get("name", "")), str(error.get("reason", "")))
        for error in (errors if isinstance(errors, list) else [])
        if isinstance(error, dict)
    )
    words = [text for key in ("title", "detail") if isinstance(text := body.get(key), str)]
    return listed or ((("", ": ".join(words)),) if words else ())


def _message(answer: Answer, problem: Mapping[str, Any] | None) -> str:
    parts = [f"{answer.request} answered {answer.status}"]
    if problem is not None:
        texts = [redact(text) for key in ("title", "detail") if isinstance(text := problem.get(key), str)]
        parts.append(f": {', '.join(dict.fromkeys(texts))}")
    elif is_web_page(answer):
        parts.append(" with a web page instead of data: a firewall or proxy probably sent it")
    if traceparent := shown_traceparent(answer.headers.get("traceparent")):
        parts.append(f" (traceparent {traceparent})")
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        parts.append(". Check `api_url`: the API does not redirect, and the token is not sent elsewhere")
    elif cure := CURES.get(answer.status):
        parts.append(f". {cure}")
    return "".join(parts)


def is_web_page(answer: Answer) -> bool:
    """Return whether an answer is labelled HTML, or begins as a page does: not every proxy labels its pages."""
    return _is_labelled_html(answer) or _PAGE.match(answer.body) is not None


def _is_labelled_html(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "").lower()


def _retry_after_seconds(header: str | None, now: datetime | None) -> float | None:
    """Parse `Retry-After` as seconds or as an HTTP date (RFC 9110); ignore anything else."""
    if header is None:
        return None
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header)
    until = http_date(header)
    return None if until is None else max(0.0, (until - (now or datetime.now(timezone.utc))).total_seconds())


def http_date(header: str) -> datetime | None:
    """Parse a date as used in headers (RFC 9110); return None for anything else."""
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):  # OverflowError: a time zone out of range
        return None
    return date if date.tzinfo else date.replace(tzinfo=timezone.utc)
