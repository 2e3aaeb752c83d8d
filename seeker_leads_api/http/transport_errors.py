"""What it means if a request gets no answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import requests
import urllib3

from seeker_leads_api.errors import FatalError, RetryableError
from seeker_leads_api.http.connections import never_connected
from seeker_leads_api.http.session import MAX_BODY_BYTES, AnswerTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Errors that `requests` raises before it opens a connection.
_UNFIT_URL = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


#: Texts for temporary faults; the first matching type counts, because proxy and TLS errors are connection errors too.
_TEMPORARY: tuple[tuple[type[requests.RequestException], str], ...] = (
    (requests.exceptions.ChunkedEncodingError, "the answer broke off or could not be decoded ({cause})"),
    (requests.exceptions.ContentDecodingError, "the answer broke off or could not be decoded ({cause})"),
    (
        requests.exceptions.ProxyError,
        "no connection through the proxy ({cause}). Check HTTP_PROXY and HTTPS_PROXY in the environment",
    ),
    (
        requests.exceptions.SSLError,
        "no trusted connection ({cause}). Behind a proxy with its own certificates, set REQUESTS_CA_BUNDLE",
    ),
    (requests.ConnectionError, "no connection ({cause}). Check `api_url`, `auth_url` and the network"),
)


def classify_exception(error: Exception, request: str, timeout_seconds: float) -> RetryableError | FatalError:
    """Return the error for a request without an answer. The original text, with the whole URL, is not shown."""
    cause = _innermost_name(error)
    if isinstance(error, AnswerTooLargeError):
        mib = MAX_BODY_BYTES >> 20
        return FatalError(f"{request}: the answer has more than {mib} MiB. Check `api_url` and `auth_url`")
    # `requests` raises a connection error if a body stops in the middle.
    if isinstance(error, requests.Timeout) or any(
        isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in _causes(error)
    ):
        return RetryableError(f"{request}: no answer within {timeout_seconds:g} s ({cause})")
    for kind, words in _TEMPORARY:
        if isinstance(error, kind):
            return RetryableError(f"{request}: {words.format(cause=cause)}")
    return FatalError(f"{request}: the request could not be sent ({cause}). Check `api_url` and `auth_url`")


def may_have_arrived(error: Exception) -> bool:
    """Return whether a request without an answer may have reached the API: not if its connection was never made."""
    return not any(isinstance(cause, _UNFIT_URL) or never_connected(cause) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and all its causes, each once, the innermost last."""
    seen: set[int] = set()
    left: list[object] = [error]
    while left:
        cause = left.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            # urllib3 creates some errors with their causes as arguments instead of raising from them.
            left += [*cause.args, cause.__context__, cause.__cause__]


def _innermost_name(error: BaseException) -> str:
    *_, innermost = _causes(error)
    return type(innermost).__name__
