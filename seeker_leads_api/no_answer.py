"""What it means when a request gets no answer at all."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import requests
import urllib3

from seeker_leads_api.errors import FatalError, RetryableError
from seeker_leads_api.session import MOST_BODY_BYTES, AnswerTooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is raised before the first byte of a request can be sent.
_NOT_CONNECTED = (
    requests.ConnectTimeout,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.NewConnectionError,
    ssl.SSLCertVerificationError,
)


def classify_exception(
    error: requests.RequestException, request: str, timeout_seconds: float
) -> RetryableError | FatalError:
    """Say what to do about a request that got no answer. The error's own text is not shown: it holds the whole URL."""
    cause = _innermost_name(error)
    if isinstance(error, AnswerTooLargeError):
        mib = MOST_BODY_BYTES >> 20
        return FatalError(f"{request}: the answer has more than {mib} MiB. Check `api_url` and `auth_url`")
    # `requests` calls it a connection error when a body stops in the middle.
    if isinstance(error, requests.Timeout) or any(
        isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in _causes(error)
    ):
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


def may_have_arrived(error: requests.RequestException) -> bool:
    """Say whether a request that got no answer can have reached the API: yes, unless no connection was made for it."""
    causes = list(_causes(error))
    return not any(isinstance(cause, _NOT_CONNECTED) for cause in causes) and not _is_refused_tunnel(causes)


def _is_refused_tunnel(causes: list[BaseException]) -> bool:
    # Not every ProxyError: urllib3 calls it one too when the connection breaks after the request. Only the answer of a
    # proxy to CONNECT is an OSError of http.client's own, without a number.
    return isinstance(causes[0], requests.exceptions.ProxyError) and any(
        type(cause) is OSError and cause.errno is None for cause in causes
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _innermost_name(error: BaseException) -> str:
    *_, innermost = _causes(error)
    return type(innermost).__name__
